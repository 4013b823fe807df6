---Tasks: functions that run at the same time, one of them at any instant. Whatever waits in one lets
---the others go on.
local errors = require("siterun.errors")
local loop = require("c.loop")
local progress = require("siterun.progress")
local running = require("siterun.running")
local scheduler = require("siterun.scheduler")

local M = { run = running.run }

local Task = scheduler.Task

local function refuse(operation, message)
  errors.raise({ kind = "usage", operation = operation, message = message })
end

local function is_waitable(value)
  local meta = getmetatable(value)
  local index = type(value) == "table" and value or type(meta) == "table" and meta.__index
  return type(index) == "table" and index.ready ~= nil
end

---Waits until the task has ended, however it ends.
---@async
---@param waitable siterun.Waitable
function M.wait(waitable)
  if not is_waitable(waitable) then
    refuse("task.wait", "a task expected, got " .. type(waitable))
  end
  scheduler.wait(waitable)
end

---Starts f(...) as a task. It first runs when the current task waits.
---@param f function
---@return siterun.Task
function M.spawn(f, ...)
  if type(f) ~= "function" then
    refuse("task.spawn", "a function expected, got " .. type(f))
  end
  return scheduler.spawn(f, ...)
end

---Waits until the task has ended.
---@async
---@return any ... what its function returned; its error is raised again
function Task:join()
  if self == scheduler.current() then
    refuse("task:join", "a task can't join itself")
  end
  scheduler.wait(self)
  self.observed = true
  if not self.ok then
    error(self.error, 0)
  end
  return table.unpack(self.results, 1, self.results.n)
end

---Ends the task where it waits; its guards are closed. Nothing happens to one that has ended.
function Task:cancel()
  self.observed = true
  local e = { kind = "interrupted", operation = "task:cancel", message = "cancelled" }
  scheduler.cancel(self, errors.new(e))
end

---Whether the task has ended.
---@return boolean
function Task:is_done()
  return self.done
end

function Task:__tostring()
  return "task: " .. (not self.done and "running" or self.ok and "done" or "failed")
end

-- Several tasks of which the first error ends the others. It is a waitable.
local Group = {}
Group.__index = Group

function Group:ready()
  return self.left == 0 or self.failed ~= nil
end

function Group:__close(e)
  local lost
  for _, task in ipairs(self.tasks) do
    lost = scheduler.cancel(task) or lost
  end
  if lost and e ~= nil then
    error(running.with_lost(e, lost), 0)
  end
end

local function new_group()
  return setmetatable({ tasks = {}, left = 0, waiters = {} }, Group)
end

function Group:add(f, ...)
  local task = scheduler.spawn(f, ...)
  self.left = self.left + 1
  table.insert(self.tasks, task)
  task.on_done = function()
    self.left = self.left - 1
    if not task.ok and not self.failed then
      self.failed = task
    end
    if self:ready() then
      scheduler.wake(self)
    end
  end
end

function Group:wait()
  scheduler.wait(self)
  if self.failed then
    error(self.failed.error, 0)
  end
end

local function check_function(f, operation, which)
  local meta = getmetatable(f)
  if type(f) ~= "function" and not (type(meta) == "table" and meta.__call) then
    refuse(operation, ("%sa function expected, got %s"):format(which or "", type(f)))
  end
end

local function check_list(list, operation)
  if type(list) ~= "table" then
    refuse(operation, "a list expected, got " .. type(list))
  end
end

---Runs the functions at the same time. The first error cancels the others and is raised.
---@async
---@param functions function[]
---@return table results the first result of each, in their order, and `n`
function M.all(functions)
  check_list(functions, "task.all")
  for i = 1, #functions do
    check_function(functions[i], "task.all", ("function %d: "):format(i))
  end
  return M.map(functions, function(f)
    return f()
  end, { limit = math.max(#functions, 1) })
end

local function check_limit(options)
  local limit = options and options.limit or 8
  for name in pairs(options or {}) do
    if name ~= "limit" then
      refuse("task.map", ("unknown option %q: there is `limit`"):format(tostring(name)))
    end
  end
  if math.type(limit) ~= "integer" or limit < 1 then
    refuse("task.map", "limit: a positive integer expected, got " .. tostring(limit))
  end
  return limit
end

---Calls f(item, index) for each item, `limit` of them at the same time. The first error cancels the
---others and is raised.
---@async
---@param list any[]
---@param f fun(item: any, index: integer): any
---@param options? {limit?: integer} limit: 8 unless told
---@return table results the first result of each call, in the list's order, and `n`
function M.map(list, f, options)
  check_list(list, "task.map")
  check_function(f, "task.map")
  local limit, count = check_limit(options), #list
  local results, next_index = { n = count }, 1
  local bar <close> = progress.start("tasks", count)
  local function work()
    while next_index <= count do
      local i = next_index
      next_index = i + 1
      results[i] = f(list[i], i)
      if bar then bar:step() end
    end
  end
  local group <close> = new_group()
  for _ = 1, math.min(limit, count) do
    group:add(work)
  end
  group:wait()
  return results
end

local function start_timer(seconds, operation)
  local timer, failure = loop.timer(seconds)
  if not timer then
    errors.raise(errors.from(failure, { operation = operation }))
  end
  return timer
end

local function check_seconds(seconds, operation)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
    refuse(operation, "a number of seconds from 0 expected, got " .. tostring(seconds))
  end
end

---Waits.
---@async
---@param seconds number
function M.sleep(seconds)
  check_seconds(seconds, "task.sleep")
  local timer <close> = start_timer(seconds, "task.sleep")
  scheduler.wait(timer)
end

---Runs f(...) and returns what it returns, if it ends in time. Otherwise it is cancelled and an error
---of kind "timeout" raised, or of kind "unknown_outcome" when a write was under way.
---@async
---@param seconds number
---@param f function
---@return any ...
function M.timeout(seconds, f, ...)
  check_seconds(seconds, "task.timeout")
  check_function(f, "task.timeout")
  local timer <close> = loop.timer(seconds)
  if not timer then -- the run's deadline is nearer, and every wait heeds that
    return f(...)
  end
  local task = M.spawn(f, ...)
  local _ <close> = setmetatable({}, {
    __close = function()
      scheduler.on_end(timer, nil)
      task.observed = true
      scheduler.cancel(task)
    end,
  })
  scheduler.on_end(timer, function()
    scheduler.cancel(task, errors.new({ kind = "timeout", operation = "task.timeout",
      sent = "unknown", message = ("not done after %g s"):format(seconds) }))
  end)
  return task:join()
end

return M
