-- How much one process carries: memory and descriptors for each sleeping task, and each account that has
-- made a call. tests/bench/served ./siterun tests/bench/capacity.lua
package.path = "./?.lua;" .. package.path

local task = require "task"
local client = require "tests.bench.client"

local function resident_kib()
  local from <close> = assert(io.open "/proc/self/statm")
  return tonumber(from:read("a"):match "^%d+ (%d+)") * 4
end

local function descriptors()
  local pipe <close> = assert(io.popen "ls /proc/$PPID/fd | wc -l")
  return tonumber(pipe:read "a")
end

local function measure(what, count, make)
  collectgarbage()
  local memory, open, started = resident_kib(), descriptors(), os.clock()
  local held = make(count)
  local cpu = os.clock() - started
  print(("%6d %-26s %7.1f KiB, %5.2f descriptors, %6.0f us of CPU time for each"):format(count, what,
    (resident_kib() - memory) / count, (descriptors() - open) / count, cpu / count * 1e6))
  return held
end

local function sleep(count)
  local tasks = {}
  for i = 1, count do tasks[i] = task.spawn(task.sleep, 1) end
  task.sleep(0)
  return tasks
end

local function accounts(count)
  local clients, service = {}, client.declare "100/60s"
  for i = 1, count do
    clients[i] = service.connect { token = "bench-token-" .. i }
    clients[i].small:get()
  end
  return clients
end

for _, t in ipairs(measure("sleeping tasks", 10000, sleep)) do t:join() end
measure("accounts, one call each", 200, accounts)
