-- Does memory grow over a million calls? Prints the resident memory as they go, in 64 tasks:
-- tests/bench/served ./siterun tests/bench/memory.lua [CALLS]
local http = require "http"
local task = require "task"

local CALLS = tonumber(arg[1] or 1000000)
local URL = os.getenv "BENCH_URL" .. "/tickets/4711"
local STEPS, TASKS, PAGE_KIB = 20, 64, 4

local function resident_kib()
  local from <close> = assert(io.open "/proc/self/statm")
  return tonumber(from:read("a"):match "^%d+ (%d+)") * PAGE_KIB
end

local function show(calls)
  print(("%12d %12d %12d"):format(calls, resident_kib(), collectgarbage "count" // 1))
end

print("       calls resident KiB      Lua KiB")
for step = 1, STEPS do
  local each = {}
  for i = 1, TASKS do
    each[i] = function()
      for _ = 1, CALLS // STEPS // TASKS do assert(http.get(URL).json.id == 4711) end
    end
  end
  task.all(each)
  show(step * (CALLS // STEPS // TASKS) * TASKS)
end
