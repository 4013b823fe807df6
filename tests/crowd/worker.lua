-- siterun tests/crowd/worker.lua TASKS [TIMEOUT [PRIORITY [NAME]]]: so many tasks that ask without end,
-- every fourth request a write. Whatever becomes of a request, the next one follows.
local task = require("task")

local tasks, timeout, priority = tonumber(arg[1]), tonumber(arg[2]), arg[3] or "normal"
local path = "/" .. (arg[4] or priority)
local client = require("ticketing").connect()

local function ask(number)
  client:request({
    method = number % 4 == 0 and "POST" or "GET", path = path,
    timeout = timeout, priority = priority,
  })
end

local function work(_, first)
  for number = first, math.huge do
    local ok, failure = pcall(ask, number)
    if not ok and failure.kind ~= "timeout" and failure.kind ~= "unknown_outcome"
      and failure.kind ~= "network" then
      error(failure, 0)
    end
  end
end

local list = {}
for i = 1, tasks do
  list[i] = i
end
task.map(list, work, { limit = tasks })
