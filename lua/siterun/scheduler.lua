---Runs tasks: coroutines that wait for operations of the loop. Every wait of siterun comes through
---here. A task that waits yields the mark WAIT and what it waits for, through whatever coroutines of
---the user's lie between (c.task). Which one goes on next is decided in c.scheduler.
local loop = require("c.loop")
local raw = require("c.scheduler")
local trace = require("c.trace")
local WAIT = require("c.task").WAIT

local status, close = coroutine.status, coroutine.close
local yield, isyieldable = coroutine.yield, coroutine.isyieldable
local is_interrupted = loop.interrupted

---@class siterun.Home what one run of a main program keeps
---@field live table<siterun.Task, true> every task that has not ended
---@field failures siterun.Task[] those that died of an error which nobody has seen yet

local M = {
  home = { live = {}, failures = {} }, ---@type siterun.Home of the tasks that are spawned
  foreground = nil, ---@type siterun.Task? what a session waits for; the others outlive an interrupt
  leaving = nil, ---@type fun()? ends the process, once the guards are closed
  lost = nil, ---@type siterun.Error? see close_guards
}

---What a task can wait for: an operation of a c module, a task or a group of tasks.
---@class siterun.Waitable
---@field ready fun(self): boolean
---@field waiters? siterun.Task[] for those that end in Lua

---@class siterun.Task: siterun.Waitable
---@field co thread
---@field handle userdata of c.scheduler
---@field home siterun.Home
---@field done boolean
---@field ok? boolean
---@field results? table packed
---@field error? any
---@field observed? boolean somebody joined it, and so heard of its error
---@field doomed? any cancelled while it ran: the error that its next wait raises
---@field on_done? fun(task: siterun.Task)
local Task = {}
Task.__index = Task
Task.__name = "task"
M.Task = Task

local ROOM = 16 -- of a list before it is first looked through
local core, look

---@return boolean
function Task:ready()
  return self.done
end

---Lets those that wait for a task or a group go on.
---@param waitable siterun.Waitable
function M.wake(waitable)
  for _, task in ipairs(waitable.waiters) do
    if not task.done then
      core.push(task.handle)
    end
  end
  waitable.waiters = {}
end

-- What is over is taken out now and then, so that a list stays shorter than twice what counts.
local function append(list, task, is_over)
  local count = #list
  if count >= (list.room or ROOM) then
    local kept = 0
    for i = 1, count do
      local one = list[i]
      list[i] = nil
      if not one[is_over] then
        kept = kept + 1
        list[kept] = one
      end
    end
    list.room = math.max(ROOM, 2 * kept)
  end
  table.insert(list, task)
end

local function finish(task, ok, ...)
  task.home.live[task] = nil
  core.forget(task.handle)
  task.done, task.ok = true, ok
  if ok then
    task.results = table.pack(...)
  else
    task.error = ...
  end
  if task.on_done then
    task.on_done(task)
  elseif not ok and not task.observed then
    append(task.home.failures, task, "observed")
  end
  M.wake(task)
end

local function fail(task, e)
  trace.note(e, task.co)
  close(task.co)
  finish(task, false, e)
end

local function settle(task, outcome, ...)
  if outcome == WAIT then
    local waitable = ...
    append(waitable.waiters, task, "done")
  elseif outcome then
    finish(task, true, ...)
  else
    fail(task, ...)
  end
end

---@param f function
---@return siterun.Task
function M.spawn(f, ...)
  local task = setmetatable({ home = M.home, done = false, waiters = {} }, Task)
  task.co, task.handle = core.spawn(task, f, ...)
  task.home.live[task] = true
  return task
end

-- A guard that cuts off a write on its way leaves the error that says so in M.lost. Guards may cancel
-- tasks in turn; what those lost is lost by the outer one too.
local function close_guards(task)
  local before = M.lost
  M.lost = nil
  close(task.co)
  local lost = M.lost
  M.lost = lost or before
  return lost
end

local function doom(task, e)
  task.doomed = e
  core.doom(task.handle, e ~= nil)
end

---Ends a task where it waits: its guards are closed. One that runs (it may be held up in a place
---that can't yield) ends at its next wait. Does nothing to one that has ended.
---@param task siterun.Task
---@param e any what its joiners get
---@return siterun.Error? lost of a write that was cut off on its way, and may have happened
function M.cancel(task, e)
  if task.done then
    return
  end
  if status(task.co) ~= "suspended" then
    return doom(task, e or "cancelled")
  end
  core.forget(task.handle)
  local lost = close_guards(task)
  finish(task, false, lost or e)
  return lost
end

local function interrupt()
  is_interrupted(true)
  error(require("siterun.interrupted")(), 0)
end

local function nothing() end

-- Where Lua has no room for one more call of C's, a step would fail between a task's end and telling
-- of it.
local function check_room()
  local ok, e = pcall(nothing)
  if not ok then
    error(e, 0)
  end
end

---Notices what has ended, waiting for it when no task can go on, and runs what can.
---@param until_news? boolean goes on so until a task has ended, or was cancelled
function M.step(until_news)
  if core.current() then
    check_room()
  end
  if core.step(look and look(), until_news and not look) then
    interrupt()
  end
end

---Sets what is called in each step, and returns the seconds after which the next one may end; nil
---for nothing.
---@param f? fun(): number?
function M.look_by(f)
  look = f
  core.news()
end

---Ends the process by `exit`, in the step that is under way.
---@param exit fun()
function M.leave(exit)
  M.leaving = exit
  core.stop()
end

-- Where a yield is impossible only this operation is waited for; the other tasks stand still. For a
-- task or a group they must go on.
local function block(waitable)
  local current = core.current()
  while not waitable:ready() and not is_interrupted() and not (current and current.doomed) do
    if waitable.waiters then
      M.step()
      if M.leaving then
        M.leaving()
      end
    else
      loop.step()
    end
  end
end

---Waits, by yielding where that is possible. Returns early only when the process is interrupted, or
---where it can't yield, when the task is cancelled.
---@param waitable siterun.Waitable
function M.pause(waitable)
  if core.current() and isyieldable() then
    yield(WAIT, waitable)
  else
    block(waitable)
  end
end

local function check_doom()
  local current = core.current()
  local reason = current and current.doomed
  if reason then
    doom(current, nil)
    error(reason, 0)
  end
end

-- In a session that is what was typed, and what holds up all others.
local function concerns_current()
  return not M.foreground or core.current() == M.foreground or not isyieldable()
end

local function check_interrupt()
  if is_interrupted() and concerns_current() then
    interrupt()
  end
end

local function wait_slowly(waitable, has_waited)
  if has_waited then
    check_interrupt()
  end
  while not waitable:ready() do
    check_doom()
    M.pause(waitable)
    check_interrupt()
  end
  check_doom()
end

core = raw.new(wait_slowly, settle)

---Waits until the operation, task or group has ended.
---@type async fun(waitable: siterun.Waitable)
M.wait = core.wait

---Calls f when the operation has ended; nil takes that back.
---@type fun(op: userdata, f?: function)
M.on_end = core.on_end

---Can a task go on at once?
---@type fun(): boolean
M.is_busy = core.is_busy

---The task that runs; nil outside of tasks.
---@type fun(): siterun.Task?
M.current = core.current

return M
