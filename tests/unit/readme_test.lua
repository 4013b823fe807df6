---The README's commands and recipes run as they stand there. A fenced block's first line says how:
---  sh run [CODE]   run by sh in a folder of its own, with siterun and examples/; ends with CODE or 0
---  sh              targets of make, which must exist
---  lua FILE        written into that folder for later blocks
---  lua run         run against the sandbox; `lua` alone must compile
---  text error      what the block before wrote to standard error begins with this
local t = require("tests.t")

local folder = t.scratch .. "/readme"
local isolated = { XDG_CONFIG_HOME = folder .. "/none", SITERUN_STATE = folder .. "/state",
  SITERUN_CONFIG = false, SITERUN_PROFILE = false }

local function blocks()
  local list, block, number = {}, nil, 0
  for line in t.read("README.md"):gmatch("([^\n]*)\n") do
    number = number + 1
    local mark = line:match("^```(.*)$")
    if mark and not block then
      block = { mark = mark, line = number, lines = {} }
    elseif mark then
      block.text = table.concat(block.lines, "\n") .. "\n"
      list[#list + 1], block = block, nil
    elseif block then
      table.insert(block.lines, line)
    end
  end
  return list
end

local function prepare()
  local here = os.getenv("PWD")
  local program = t.program:find("^/") and t.program or here .. "/" .. t.program
  assert(os.execute(("rm -rf %s && mkdir %s && ln -s %s %s/siterun && ln -s %s/examples %s"):format(
    t.quote(folder), t.quote(folder), t.quote(program), t.quote(folder), t.quote(here),
    t.quote(folder))))
end

local last

local function run_sh(block, code)
  -- What an earlier sandbox printed must not pass for what this block's does.
  os.execute("rm -f " .. t.quote(folder .. "/account") .. " " .. t.quote(folder .. "/sandbox.env"))
  local text = "trap 'test -z \"$!\" || kill $! 2>/dev/null || :' EXIT\n" .. block.text
  last = t.siterun { program = "timeout", args = { "120", "sh", "-e", "-c", text },
    dir = folder, env = isolated }
  t.equal(last.code, math.tointeger(code) or 0, last.stderr)
end

local function run_targets(block)
  for _, line in ipairs(block.lines) do
    local target = line:match("^make ([%a-]+)$")
    t.truthy(target, "a target of make: " .. line)
    t.match(t.read("Makefile"), "\n" .. target:gsub("%-", "%%-") .. ":")
  end
end

local function run_lua(block)
  last = t.siterun { args = { "--sandbox", "-e", block.text }, env = isolated }
  t.equal({ last.code, last.stderr }, { 0, "" })
  t.match(last.stdout, "%S")
end

local function run_block(block)
  local kind, how, more = block.mark:match("^(%a*) ?(%S*) ?(%S*)$")
  if kind == "sh" and how == "run" then
    return run_sh(block, more)
  elseif kind == "sh" then
    return run_targets(block)
  elseif kind == "lua" and how == "run" then
    return run_lua(block)
  elseif kind == "lua" then
    assert(load(block.text, "=README.md"))
    return how ~= "" and t.write(folder .. "/" .. how, block.text)
  end
  t.equal(block.mark, "text error")
  t.equal(last.stderr:sub(1, #block.text), block.text)
end

prepare()
local count = 0
for _, block in ipairs(blocks()) do
  count = count + 1
  t.test(("README.md:%d: %s: %s"):format(block.line, block.mark, block.lines[1]), function()
    run_block(block)
  end)
end

t.test("there are blocks to run", function()
  t.truthy(count > 10)
end)

t.test("every command and module of a table exists", function()
  local text = t.read("README.md")
  for name in text:gmatch("\n| `([%w_]+%.lua)` |") do
    t.truthy(io.open("examples/" .. name), name)
  end
  for target in text:gmatch("\n| `make ?([%a-]*)[^`]*` |") do
    if target ~= "" then t.match(t.read("Makefile"), "\n" .. target .. ":") end
  end
  for path in text:gmatch("\n| `(%a+/[%a/]*)` |") do
    t.truthy(os.execute("test -d " .. path), path)
  end
end)

t.test("the tables of the services are those of the declarations", function()
  local done = t.siterun { args = { "tests/docs.lua", "--check", "README.md" } }
  t.equal({ done.code, done.stderr }, { 0, "" })
end)
