---Runs what was typed, and lets the session's tasks go on meanwhile and afterwards.
local interrupt = require("c.interrupt")
local loop = require("c.loop")
local scheduler = require("siterun.scheduler")

require("siterun.running") -- Lua's own coroutines would hide from an interrupt what runs in one

local M = {}

local function keep_error() end

---An interrupt is over: what it was to end has ended.
function M.attend()
  if loop.interrupted() then
    interrupt.arm_session()
  end
end

---One step of the tasks. An interrupt is over with it.
---@param on_failure fun(e: any) called with each error of a task that nobody waits for
---@return boolean ok
---@return any e of an interrupt, or of tasks that wait for one another
function M.step(on_failure)
  local ok, e = pcall(scheduler.step)
  if not ok or loop.interrupted() then
    interrupt.arm_session()
  end
  local failures = scheduler.home.failures
  while failures[1] and not scheduler.is_busy() do -- who waits for it hears of it first
    local task = table.remove(failures, 1)
    if not task.observed then
      on_failure(task.error)
    end
  end
  return ok, e
end

---Calls f as a task and returns when that has ended; Ctrl-C ends it, and nothing else. When something
---in it leaves the process it returns early, as if f returned nothing.
---@param on_failure fun(e: any) as above
---@param f function
---@return boolean ok
---@return any ... what f returns, or its error
function M.run(on_failure, f, ...)
  interrupt.arm_session()
  local task, outer = scheduler.spawn(f, ...), scheduler.foreground
  task.on_done = keep_error
  scheduler.foreground = task
  while not task.done and not scheduler.leaving do
    local ok, e = M.step(on_failure)
    if not ok then
      scheduler.cancel(task, e)
    end
  end
  scheduler.foreground = outer
  if task.ok then
    return true, table.unpack(task.results, 1, task.results.n)
  end
  return not task.done, task.error
end

---@return integer count of tasks that have not ended
function M.count()
  local count = 0
  for _ in pairs(scheduler.home.live) do
    count = count + 1
  end
  return count
end

return M
