---The run of a main program as a task, from its first step to its end.
local raw = require("c.task")
local scheduler = require("siterun.scheduler")

local isyieldable, yield, status = coroutine.isyieldable, coroutine.yield, coroutine.status

require("siterun.coroutines") -- behind Lua's own functions, which are used here

local M = {}

-- Of an error that somebody has heard of there is nothing to say.
local function first_unseen(home)
  for _, task in ipairs(home.failures) do
    if not task.observed then
      return task
    end
  end
end

---Ends all tasks that wait. Guards may spawn tasks, which are left alone.
---@param home siterun.Home
---@return siterun.Error? lost of a write that was cut off on its way
function M.cancel_all(home)
  local tasks, lost = {}, nil
  for task in pairs(home.live) do
    tasks[#tasks + 1] = task
  end
  for _, task in ipairs(tasks) do
    if status(task.co) == "suspended" then
      lost = scheduler.cancel(task) or lost
    end
  end
  return lost
end

---Says of the error of one task what became of a write of another one that it cut off.
---@param e any
---@param lost siterun.Error
---@return any
function M.with_lost(e, lost)
  if type(e) == "table" and e.kind == "interrupted" then
    e.message = e.message .. "; " .. lost.message
    return e
  end
  lost.message = ("%s, since another task failed: %s"):format(lost.message, tostring(e))
  return lost
end

-- Ends the run: on an error with all of its tasks.
local function end_run(self, e)
  scheduler.home = self.outer
  local lost = e ~= nil and M.cancel_all(self.home)
  if lost then
    error(M.with_lost(e, lost), 0)
  end
end

local function begin_run()
  local run = { home = { live = {}, failures = {} }, outer = scheduler.home }
  scheduler.home = run.home
  return setmetatable(run, { __close = end_run })
end

---Closes the guards of all tasks that wait, and of the caller where it can yield; then calls `exit`,
---which does not return.
---@param exit fun()
function M.leave(exit)
  if not (scheduler.current() and isyieldable()) then
    M.cancel_all(scheduler.home)
    exit()
  end
  scheduler.leave(exit)
  yield(raw.WAIT, { waiters = {} })
end

local function step(home)
  scheduler.step(true)
  if scheduler.leaving then
    M.cancel_all(home)
    scheduler.leaving()
  end
end

---Runs f as a task and returns what it returns, when it and all tasks that were spawned meanwhile
---have ended. An error of f cancels the others and is raised; one of a task that nobody joined is
---raised when all have ended.
---@param f function
---@return any ...
function M.run(f, ...)
  local this <close> = begin_run()
  local home = this.home
  local main = scheduler.spawn(f, ...)
  while not main.done or main.ok and next(home.live) do
    step(home)
  end
  local failed = not main.ok and main or first_unseen(home)
  if failed then
    error(failed.error, 0)
  end
  return table.unpack(main.results, 1, main.results.n)
end

return M
