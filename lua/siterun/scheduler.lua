---Runs tasks: coroutines that wait for operations of the loop. Every wait of siterun comes through
---here. A task that waits yields the mark WAIT and what it waits for, through whatever coroutines of
---the user's lie between (c.task).
local loop = require("c.loop")
local queue = require("siterun.queue")
local raw = require("c.task")
local trace = require("c.trace")

local status, close = coroutine.status, coroutine.close
local yield, isyieldable = coroutine.yield, coroutine.isyieldable
local WAIT, is_interrupted = raw.WAIT, loop.interrupted

---@class siterun.Home what one run of a main program keeps
---@field live table<siterun.Task, true> every task that has not ended
---@field failures siterun.Task[] those that died of an error which nobody has seen yet

local M = {
  home = { live = {}, failures = {} }, ---@type siterun.Home of the tasks that are spawned
  foreground = nil, ---@type siterun.Task? what a session waits for; the others outlive an interrupt
  leaving = nil, ---@type fun()? ends the process, once the guards are closed
  lost = nil, ---@type siterun.Error? see close_guards
  look = nil, ---@type fun(): number? called in each step: seconds after which the next one may end
}

---What a task can wait for: an operation of a c module, a task or a group of tasks.
---@class siterun.Waitable
---@field ready fun(self): boolean
---@field waiters? siterun.Task[] for those that end in Lua

---@class siterun.Task: siterun.Waitable
---@field co thread
---@field home siterun.Home
---@field arguments? table packed; for the first resume
---@field done boolean
---@field ok? boolean
---@field results? table packed
---@field error? any
---@field awaited? siterun.Waitable
---@field observed? boolean somebody joined it, and so heard of its error
---@field doomed? any cancelled while it ran: the error that its next wait raises
---@field on_done? fun(task: siterun.Task)
local Task = {}
Task.__index = Task
Task.__name = "task"
M.Task = Task

local push, pop, count = queue.new() -- of tasks that can go on
local waiting = {} -- operation -> task
local then_do = {} -- operation -> the function to call when it has ended
local current

---@return boolean
function Task:ready()
  return self.done
end

---Lets those that wait for a task or a group go on.
---@param waitable siterun.Waitable
function M.wake(waitable)
  for _, task in ipairs(waitable.waiters) do
    push(task)
  end
  waitable.waiters = {}
end

local function finish(task, ok, ...)
  task.home.live[task] = nil
  task.done, task.ok = true, ok
  if ok then
    task.results = table.pack(...)
  else
    task.error = ...
  end
  if task.on_done then
    task.on_done(task)
  elseif not ok then
    table.insert(task.home.failures, task)
  end
  M.wake(task)
end

local function suspend(task, waitable)
  task.awaited = waitable
  if waitable.waiters then
    table.insert(waitable.waiters, task)
  else
    waiting[waitable] = task
  end
end

local function fail(task, e)
  trace.note(e, task.co)
  close(task.co)
  finish(task, false, e)
end

local function settle(task, outcome, ...)
  if outcome == WAIT then
    suspend(task, ...)
  elseif outcome then
    finish(task, true, ...)
  else
    fail(task, ...)
  end
end

local function go_on(task)
  local before, arguments = current, task.arguments
  current, task.awaited = task, nil
  if arguments then
    task.arguments = nil
    settle(task, raw.resume(task.co, table.unpack(arguments, 1, arguments.n)))
  else
    settle(task, raw.resume(task.co))
  end
  current = before
end

---@param f function
---@return siterun.Task
function M.spawn(f, ...)
  local task = { co = raw.create(f), arguments = table.pack(...), home = M.home,
    done = false, waiters = {} }
  setmetatable(task, Task)
  task.home.live[task] = true
  push(task)
  return task
end

local function stop_waiting(task)
  local waitable = task.awaited
  if waitable and waiting[waitable] == task then
    waiting[waitable] = nil
  end
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
    task.doomed = e or "cancelled"
    return
  end
  stop_waiting(task)
  local lost = close_guards(task)
  finish(task, false, lost or e)
  return lost
end

---Calls f when the operation has ended; nil takes that back.
---@param op siterun.Waitable
---@param f? function
function M.on_end(op, f)
  then_do[op] = f
end

local function interrupt()
  is_interrupted(true)
  error(require("siterun.interrupted")(), 0)
end

-- A nested step may empty the queue before its turn comes here.
local function run_queue()
  for _ = 1, count() do
    local task = not M.leaving and pop()
    if not task then
      return
    end
    if not task.done then
      go_on(task)
    end
  end
end

local function notice(op)
  local task, f = waiting[op], then_do[op]
  if task then
    waiting[op] = nil
    push(task)
  elseif f then
    then_do[op] = nil
    f()
  end
end

---Notices what has ended, waiting for it when no task can go on, and runs what can.
function M.step()
  local is_busy = count() > 0
  if not is_busy and not next(waiting) and not next(then_do) then
    error("every task waits for another one: none can go on", 0)
  end
  local op, has_more = loop.poll(is_busy and 0 or M.look and M.look())
  while op do
    notice(op)
    if not has_more then break end
    op, has_more = loop.next()
  end
  if is_interrupted() then
    interrupt()
  end
  run_queue()
end

---Where a yield is impossible only this operation is waited for; the other tasks stand still. For a
---task or a group they must go on.
local function block(waitable)
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
  if current and isyieldable() then
    yield(WAIT, waitable)
  else
    block(waitable)
  end
end

local function check_doom()
  local doom = current and current.doomed
  if doom then
    current.doomed = nil
    error(doom, 0)
  end
end

-- In a session that is what was typed, and what holds up all others.
local function concerns_current()
  return not M.foreground or current == M.foreground or not isyieldable()
end

---Waits until the operation, task or group has ended.
---@async
---@param waitable siterun.Waitable
function M.wait(waitable)
  while not waitable:ready() do
    check_doom()
    M.pause(waitable)
    if is_interrupted() and concerns_current() then
      interrupt()
    end
  end
  check_doom()
end

---@return boolean can a task go on at once?
function M.is_busy()
  return count() > 0
end

---The task that runs; nil outside of tasks.
---@return siterun.Task?
function M.current()
  return current
end

return M
