---Tasks: functions that run at the same time, one of them at any instant. Whatever waits in one lets
---the others go on.
local errors = require("siterun.errors")
local loop = require("c.loop")
local scheduler = require("siterun.scheduler")

require("siterun.coroutines")

local M = { run = scheduler.run, wait = scheduler.wait }

local Task = scheduler.Task

---Starts f(...) as a task. It first runs when the current task waits.
---@param f function
---@return siterun.Task
function M.spawn(f, ...)
  if type(f) ~= "function" then
    error(errors.new({ kind = "usage", operation = "task.spawn", message = "a function expected, got " .. type(f) }), 2)
  end
  return scheduler.spawn(f, ...)
end

---Waits until the task has ended.
---@async
---@return any ... what its function returned; its error is raised again
function Task:join()
  if self == scheduler.current() then
    error(errors.new({ kind = "usage", operation = "task:join", message = "a task can't join itself" }), 2)
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
  scheduler.cancel(self, errors.new({ kind = "interrupted", operation = "task:cancel", message = "cancelled" }))
end

---Whether the task has ended.
---@return boolean
function Task:is_done()
  return self.done
end

-- Several tasks of which the first error ends the others. It is a waitable.
local Group = {}
Group.__index = Group

function Group:ready()
  return self.left == 0 or self.failed ~= nil
end

function Group:__close()
  for _, task in ipairs(self.tasks) do
    scheduler.cancel(task)
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

local function check_list(list, operation)
  if type(list) ~= "table" then
    local message = "a list expected, got " .. type(list)
    error(errors.new({ kind = "usage", operation = operation, message = message }), 3)
  end
end

---Runs the functions at the same time. The first error cancels the others and is raised.
---@async
---@param functions function[]
---@return table results the first result of each, in their order, and `n`
function M.all(functions)
  check_list(functions, "task.all")
  return M.map(functions, function(f)
    return f()
  end, { limit = math.max(#functions, 1) })
end

local function check_limit(options)
  local limit = options and options.limit or 8
  for name in pairs(options or {}) do
    if name ~= "limit" then
      errors.raise(errors.new({ kind = "usage", operation = "task.map",
        message = ("unknown option %q: there is `limit`"):format(tostring(name)) }))
    end
  end
  if math.type(limit) ~= "integer" or limit < 1 then
    errors.raise(errors.new({ kind = "usage", operation = "task.map",
      message = "limit: a positive integer expected, got " .. tostring(limit) }))
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
  local limit, count = check_limit(options), #list
  local results, next_index = { n = count }, 1
  local function work()
    while next_index <= count do
      local i = next_index
      next_index = i + 1
      results[i] = f(list[i], i)
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
    local message = "a number of seconds from 0 expected, got " .. tostring(seconds)
    error(errors.new({ kind = "usage", operation = operation, message = message }), 3)
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
  local timer <close> = loop.timer(seconds)
  if not timer then -- the run's deadline is nearer, and every wait heeds that
    return f(...)
  end
  local task = M.spawn(f, ...)
  local guard <close> = setmetatable({}, {
    __close = function()
      scheduler.on_end(timer, nil)
      task.observed = true
      scheduler.cancel(task)
    end,
  })
  scheduler.on_end(timer, function()
    scheduler.cancel(task, errors.new({ kind = "timeout", operation = "task.timeout", sent = "unknown",
      message = ("not done after %g s"):format(seconds) }))
  end)
  return task:join()
end

return M
