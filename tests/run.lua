-- siterun tests/run.lua FILE...: runs each file's tests, one line each; exit 1 when any fails.
package.path = "./?.lua;./?/init.lua;" .. package.path

-- Under pressure the collector never rests, and starts afresh every so many instructions: what C keeps
-- without an anchor in Lua goes at once.
if os.getenv("SITERUN_COLLECTOR") == "pressure" then
  collectgarbage("setpause", 0)
  collectgarbage("setstepmul", 1000)
  debug.sethook(function() collectgarbage() end, "", 50000)
end

local t = require("tests.t")
local passed, failed = 0, 0

local function report(ok, file, name, trace)
  print(("%s - %s: %s"):format(ok and "ok" or "not ok", file, name))
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    print("  " .. tostring(trace):gsub("\n", "\n  "))
  end
end

local function describe(e)
  local stack = debug.traceback("", 2):gsub("\n\t%[[^\n]*", "")
  return tostring(e) .. stack
end

local function run_file(path)
  local name = path:match("([^/]+)%.lua$") or path
  t.tests = {}
  local chunk, message = loadfile(path)
  if not chunk then
    return report(false, name, "loads", message)
  end
  local loaded, trace = xpcall(chunk, describe)
  if not loaded then
    report(false, name, "loads", trace)
  end
  for _, test in ipairs(t.tests) do
    local ok, why = xpcall(test.body, describe)
    report(ok, name, test.name, why)
  end
end

for _, path in ipairs(arg) do
  run_file(path)
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
