-- siterun tests/limits.lua FILE...: the lengths of functions and modules. Exit 1 past a hard limit, or
-- when the functions of a language are too long as a whole. A body's lines are counted, without
-- its braces or its `function` and `end`.
local LIMITS = {
  c = { longest = 60, p90 = 30, median = 10, file = 500 },
  lua = { longest = 30, p90 = 30, median = 10, file = 300 },
}

local failures = 0

local function fail(...)
  failures = failures + 1
  print(string.format(...))
end

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  return lines
end

---In C a body is between a "{" that ends a definition and the next "}" in the first column.
local function c_functions(lines)
  local found, start = {}, nil
  for i, line in ipairs(lines) do
    local opens = line == "{" or line:find("^[%w_].*%)%s*{$")
    if opens and not line:find("^[%w_ ]*enum") then
      start = i
    elseif line:find("^}") and start then
      found[#found + 1] = { line = start, length = i - start - 1 }
      start = nil
    end
  end
  return found
end

---In Lua the `end` of a function has the indentation of the line that begins it.
local function lua_functions(lines)
  local found, open = {}, {}
  for i, line in ipairs(lines) do
    local indent, rest = line:gsub('"[^"]*"', '""'):match("^(%s*)(.*)$")
    local begins = rest:find("%f[%w]function%f[%W]") and not rest:find("%f[%w]end%f[%W]")
    if begins and not rest:find("^%-%-") then
      open[indent] = i
    elseif rest:find("^end%f[%W]") and open[indent] then
      found[#found + 1] = { line = open[indent], length = i - open[indent] - 1 }
      open[indent] = nil
    end
  end
  return found
end

---A module that mostly declares (services, seeds) may be as long as what it declares.
local function declares(functions, lines)
  local inside = 0
  for _, f in ipairs(functions) do
    inside = inside + f.length
  end
  return inside < #lines / 4
end

local function check_file(path, language, lengths)
  local lines, limit = lines_of(path), LIMITS[language]
  local functions = language == "c" and c_functions(lines) or lua_functions(lines)
  for _, f in ipairs(functions) do
    lengths[#lengths + 1] = f.length
    if f.length > limit.longest then
      fail("%s:%d: a function of %d lines (limit %d)", path, f.line, f.length, limit.longest)
    end
  end
  if #lines > limit.file and not declares(functions, lines) then
    fail("%s: %d lines (limit %d)", path, #lines, limit.file)
  end
end

local function check_lengths(language, lengths)
  table.sort(lengths)
  local median = lengths[(#lengths + 1) // 2] or 0
  local p90 = lengths[math.ceil(#lengths * 0.9)] or 0
  local limit = LIMITS[language]
  print(("%s: %d functions, median %d, p90 %d, longest %d"):format(
    language, #lengths, median, p90, lengths[#lengths] or 0))
  if median > limit.median or p90 > limit.p90 then
    fail("%s: the limits are median %d, p90 %d", language, limit.median, limit.p90)
  end
end

local all = { c = {}, lua = {} }
for _, path in ipairs(arg) do
  local language = path:find("%.lua$") and "lua" or "c"
  check_file(path, language, all[language])
end
for language, lengths in pairs(all) do
  check_lengths(language, lengths)
end
os.exit(failures == 0)
