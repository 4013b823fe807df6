---Runs tasks: coroutines that wait for operations of the loop. Every wait of siterun comes through
---here. A task that waits yields the mark WAIT and what it waits for, through whatever coroutines of
---the user's lie between (siterun.coroutines).
local loop = require("c.loop")
local raw = require("c.task")
local trace = require("c.trace")

local create, status, close = coroutine.create, coroutine.status, coroutine.close
local yield, isyieldable = coroutine.yield, coroutine.isyieldable

local M = { WAIT = {} }

---What a task can wait for: an operation of a c module, a task or a group of tasks.
---@class siterun.Waitable
---@field ready fun(self): boolean
---@field waiters? siterun.Task[] for those that end in Lua

---@class siterun.Task: siterun.Waitable
---@field co thread
---@field arguments? table packed; for the first resume
---@field done boolean
---@field ok? boolean
---@field results? table packed
---@field error? any
---@field awaited? siterun.Waitable
---@field observed? boolean somebody joined it, and so heard of its error
---@field on_done? fun(task: siterun.Task)
local Task = {}
Task.__index = Task
Task.__name = "task"
M.Task = Task

local queue, first, last = {}, 1, 0 -- tasks that can go on
local waiting = {} -- operation -> task, or the function to call when it ended
local live = {} -- every task that has not ended
local failures = {} -- tasks that died of an error which nobody has seen yet
local current

---@return boolean
function Task:ready()
  return self.done
end

local function push(task)
  last = last + 1
  queue[last] = task
end

local function pop()
  local task = queue[first]
  if task then
    queue[first] = nil
    first = first + 1
  else
    first, last = 1, 0
  end
  return task
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
  live[task] = nil
  task.done, task.ok = true, ok
  if ok then
    task.results = table.pack(...)
  else
    task.error = ...
  end
  if task.on_done then
    task.on_done(task)
  elseif not ok then
    failures[#failures + 1] = task
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

local function settle(task, ok, ...)
  local mark, waitable = ...
  if not ok then
    fail(task, mark)
  elseif status(task.co) == "dead" then
    finish(task, true, ...)
  elseif mark == M.WAIT then
    suspend(task, waitable)
  else
    fail(task, "attempt to yield from outside a coroutine")
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
  local task = setmetatable({ co = create(f), arguments = table.pack(...), done = false, waiters = {} }, Task)
  live[task] = true
  push(task)
  return task
end

local function stop_waiting(task)
  local waitable = task.awaited
  if waitable and waiting[waitable] == task then
    waiting[waitable] = nil
  end
end

---Ends a task where it waits: its guards are closed. Does nothing to one that has ended.
---@param task siterun.Task
---@param e any what its joiners get
function M.cancel(task, e)
  if task.done then
    return
  end
  if status(task.co) ~= "suspended" then
    error("a task that runs can't be cancelled", 2)
  end
  stop_waiting(task)
  M.unknown = nil
  close(task.co)
  finish(task, false, M.unknown or e)
end

---Calls f when the operation has ended; nil takes that back.
---@param op siterun.Waitable
---@param f? function
function M.on_end(op, f)
  waiting[op] = f
end

local function interrupt()
  error(require("siterun.interrupted")(), 0)
end

-- A nested step may empty the queue before its turn comes here.
local function run_queue()
  for _ = first, last do
    local task = pop()
    if not task then
      return
    end
    if not task.done then
      go_on(task)
    end
  end
end

local function notice(op)
  local then_do = waiting[op]
  waiting[op] = nil
  if type(then_do) == "function" then
    then_do()
  elseif then_do then
    push(then_do)
  end
end

---Notices what has ended, waiting for it when no task can go on, and runs what can.
function M.step()
  local op = loop.poll(first <= last and 0 or nil)
  while op do
    notice(op)
    op = loop.next()
  end
  if loop.interrupted() then
    interrupt()
  end
  run_queue()
end

---Where a yield is impossible only this operation is waited for; the other tasks stand still. For a
---task or a group they must go on.
local function block(waitable)
  while not waitable:ready() and not loop.interrupted() do
    if waitable.waiters then
      M.step()
    else
      loop.step()
    end
  end
end

---Waits, by yielding where that is possible; may return early when the process is interrupted.
---@param waitable siterun.Waitable
function M.pause(waitable)
  if current and isyieldable() then
    yield(M.WAIT, waitable)
  else
    block(waitable)
  end
end

---Waits until the operation, task or group has ended.
---@async
---@param waitable siterun.Waitable
function M.wait(waitable)
  while not waitable:ready() do
    M.pause(waitable)
    if loop.interrupted() then
      interrupt()
    end
  end
end

---The task that runs; nil outside of tasks.
---@return siterun.Task?
function M.current()
  return current
end

local function first_unseen()
  for i, task in ipairs(failures) do
    failures[i] = nil
    if not task.observed then
      return task
    end
  end
end

local function cancel_all()
  for task in pairs(live) do
    if status(task.co) == "suspended" then
      M.cancel(task)
    end
  end
end

local canceller = setmetatable({}, {
  __close = function(_, e)
    if e ~= nil then
      cancel_all()
      failures = {}
    end
  end,
})

---Runs f as a task and returns what it returns, when it and all tasks that were spawned meanwhile
---have ended. An error of f, or one of a task that nobody joined, cancels the others and is raised.
---@param f function
---@return any ...
function M.run(f, ...)
  local guard <close> = canceller
  local main = M.spawn(f, ...)
  current = nil
  while not main.done or main.ok and next(live) do
    M.step()
  end
  local failed = not main.ok and main or first_unseen()
  failures = {}
  if failed then
    error(failed.error, 0)
  end
  return table.unpack(main.results, 1, main.results.n)
end

return M
