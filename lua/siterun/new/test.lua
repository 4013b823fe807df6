-- The tests that siterun new starts from: their beginning, and what they check.
local M = {}

M.frame = [==[
-- Runs @NAME@.lua against simulated services: siterun @NAME@_test.lua
local folder = arg[0]:match("^(.*/)") or "./"
local program = 0
while arg[program - 1] do program = program - 1 end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Gives the exit code, and what it printed.
local function run(input, ...)
  local words = { "printf %s", quote(input), "|", quote(arg[program]), "--sandbox",
    quote(folder .. "@NAME@.lua") }
  for _, word in ipairs({ ... }) do words[#words + 1] = quote(word) end
  local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1"))
  local text = pipe:read("a")
  local _, _, code = pipe:close()
  return code, text
end

local failed = 0

local function check(name, passed, text)
  print((passed and "ok - " or "not ok - ") .. name)
  if not passed then
    failed = failed + 1
    print(text)
  end
end

@CHECKS@
os.exit(failed == 0)
]==]

M.recipe = [==[
local code, text = run("", "--help")
check("--help tells how it is called", code == 0 and text:find("^usage:"), text)

code, text = run("", "--nonsense")
check("an unknown option is refused", code == 2 and text:find("unknown option"), text)

code, text = run("", "--limit=3", "Mendip Mast")
check("it prints tickets", code == 0 and text:find("^%d+\tOpen\t"), text)
]==]

M.example = [==[
local code, text = run(@INPUT@)
check("it does its work", code == 0, text)
]==]

-- Of one that calls a service that the sandbox does not simulate.
M.loading = [==[
check("it can be read", loadfile(folder .. "@NAME@.lua"))
]==]

return M
