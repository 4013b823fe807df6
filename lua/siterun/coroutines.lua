---Makes coroutine.resume and coroutine.wrap pass waits through: a call of a service inside a user's
---generator waits in the task that drives the generator, and the generator goes on. Everything else
---is as in the manual (6.2).
local raw = require("c.task")
local scheduler = require("siterun.scheduler")
local trace = require("c.trace")

local create, status, close = coroutine.create, coroutine.status, coroutine.close

-- The task was cancelled while it waited in here: the inner coroutine's guards close too.
local Abandoned = {}
Abandoned.__close = function(self)
  if status(self.co) == "suspended" and not self.over then
    close(self.co)
  end
end

local function pause(co, waitable)
  local inner <close> = setmetatable({ co = co, over = false }, Abandoned)
  scheduler.pause(waitable)
  inner.over = true
end

local function settle(co, ok, ...)
  local mark, waitable = ...
  if ok and mark == scheduler.WAIT then
    pause(co, waitable)
    return settle(co, raw.resume(co))
  end
  return ok, ...
end

---@diagnostic disable-next-line: duplicate-set-field
function coroutine.resume(co, ...)
  return settle(co, raw.resume(co, ...))
end

-- As luaB_auxwrap: the coroutine is closed, and a message gets the position of the caller.
local function unwrap(co, ok, ...)
  if ok then
    return ...
  end
  local e = ...
  if status(co) == "dead" then
    trace.note(e, co)
    local closed, raised = close(co)
    if not closed then
      e = raised
    end
  end
  if type(e) == "string" then
    error(e, 3)
  end
  error(e, 0)
end

---@diagnostic disable-next-line: duplicate-set-field
function coroutine.wrap(f)
  local co = create(f)
  return function(...)
    return unwrap(co, coroutine.resume(co, ...))
  end
end
