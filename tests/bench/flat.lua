-- Is the cost of a request the same however many there are, one after another and at a time? Prints
-- the processor time of one: tests/bench/served ./siterun tests/bench/flat.lua
local http = require "http"
local task = require "task"

local URL = os.getenv "BENCH_URL" .. "/tickets/4711"
local ROUNDS = 3

local function get()
  assert(http.get(URL).json.id == 4711)
end

local function sequence(count)
  for _ = 1, count do get() end
end

local function tasks(count, requests)
  local list = {}
  for i = 1, requests do list[i] = i end
  task.map(list, get, { limit = count })
end

-- The best of a few rounds: others use the machine too.
local function microseconds(requests, f, ...)
  local best = math.huge
  for _ = 1, ROUNDS do
    collectgarbage()
    local before = os.clock()
    f(...)
    best = math.min(best, os.clock() - before)
  end
  return best / requests * 1e6
end

get()
print("requests, one after another     us each")
for _, count in ipairs { 10, 100, 1000, 10000, 100000 } do
  print(("%24d %15.1f"):format(count, microseconds(count, sequence, count)))
end
print("tasks, 20,000 requests in all   us each")
for _, count in ipairs { 10, 100, 1000, 10000 } do
  print(("%24d %15.1f"):format(count, microseconds(20000, tasks, count, 20000)))
end
