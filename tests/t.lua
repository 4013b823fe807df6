---The test runner's vocabulary: `t.test` registers, the others check.
local M = { tests = {} }

---@param name string
---@param body fun()
function M.test(name, body)
  M.tests[#M.tests + 1] = { name = name, body = body }
end

local function show(value, depth)
  if type(value) == "string" then
    return string.format("%q", value)
  elseif type(value) ~= "table" or (depth or 0) > 3 then
    return tostring(value)
  end
  local parts = {}
  for k, v in pairs(value) do
    parts[#parts + 1] = "[" .. show(k, 9) .. "]=" .. show(v, (depth or 0) + 1)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end
M.show = show

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and math.type(a) == math.type(b)
  end
  for k, v in pairs(a) do
    if not same(v, b[k]) then
      return false
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false
    end
  end
  return true
end

---Deep equality; 1 and 1.0 differ.
function M.equal(got, want, note)
  if not same(got, want) then
    local text = "%sgot  %s\n  want %s"
    error(text:format(note and note .. ": " or "", show(got), show(want)), 2)
  end
end

---@param text string
---@param pattern string a Lua pattern
function M.match(text, pattern)
  if type(text) ~= "string" or not text:find(pattern) then
    error(("%s does not match %s"):format(show(text), show(pattern)), 2)
  end
end

function M.truthy(value, note)
  if not value then
    error((note or "a true value") .. " expected, got " .. show(value), 2)
  end
end

---Calls `f`, which must fail: with an error whose `kind` is `expected`, or whose text matches it.
---@return any error
function M.raises(f, expected)
  local ok, e = pcall(f)
  if ok then
    error("no error raised", 2)
  end
  local kind = type(e) == "table" and e.kind
  if expected and kind ~= expected and not tostring(e):find(expected) then
    error(("raised %s (kind %s), expected %s"):format(tostring(e), kind, expected), 2)
  end
  return e
end

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end
M.quote = quote

---@param path string
---@return string
function M.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

---@param path string
---@param text string
---@return string path
function M.write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
  return path
end

---The folder of this run's scratch files; the runner removes it.
M.scratch = os.getenv("SITERUN_SCRATCH") or "/tmp"

---The program under test.
M.program = os.getenv("SITERUN") or "./siterun"

M.sanitized = M.program:find("asan", 1, true) ~= nil

local runs = 0

local function environment(variables)
  local unset, set = {}, {}
  for name, value in pairs(variables or {}) do
    if value then
      set[#set + 1] = name .. "=" .. quote(value)
    else
      unset[#unset + 1] = "-u " .. name
    end
  end
  return table.concat(unset, " ") .. " " .. table.concat(set, " ")
end

---The address space can't be limited under AddressSanitizer; it has a limit of its own (tests/all).
local function limit(megabytes)
  return megabytes and not M.sanitized and ("ulimit -v %d; "):format(megabytes * 1024) or ""
end

local function command_line(o, base)
  local parts = { limit(o.memory) .. "env", environment(o.env), o.program or M.program }
  for _, a in ipairs(o.args or {}) do
    parts[#parts + 1] = quote(a)
  end
  local line = table.concat(parts, " ")
  line = o.dir and "cd " .. quote(o.dir) .. " && " .. line or line
  return ("(%s) <%s.in >%s 2>%s.err"):format(line, base, o.to or base .. ".out", base)
end

---@class tests.Run
---@field args? string[]
---@field stdin? string
---@field env? table<string, string|false> false takes a variable away
---@field dir? string to start in
---@field to? string where stdout goes instead
---@field memory? integer MiB that the program may take
---@field program? string instead of the program under test

---Runs the real program and waits for it.
---@param o tests.Run
---@return {code: integer, stdout: string, stderr: string}
function M.siterun(o)
  runs = runs + 1
  local base = ("%s/run%d"):format(M.scratch, runs)
  M.write(base .. ".out", "")
  M.write(base .. ".in", o.stdin or "")
  local _, how, code = os.execute(command_line(o, base))
  return {
    code = how == "signal" and 128 + code or code,
    stdout = M.read(base .. ".out"),
    stderr = M.read(base .. ".err"),
  }
end

return M
