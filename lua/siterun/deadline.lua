-- Deadlines of single calls. A call may consist of several requests, which share its time.
local clock = require "c.clock"
local errors = require "siterun.errors"
local task = require "task"

local M = {}

-- A request with no time left still has to fail by itself, in its own words.
local LEAST = 0.001

---@param seconds? number from now
---@return number? moment nil: none
function M.start(seconds)
  return seconds and clock.monotonic() + seconds
end

---@param moment? number
---@return number? seconds
function M.left(moment)
  return moment and math.max(moment - clock.monotonic(), LEAST)
end

---Runs f(...); what it does not finish by the moment is given up with an error of kind
---"deadline". For waits that serve other callers too, and so have no deadline of their own.
---@async
---@param moment? number
---@param place {service: string, operation: string} for the error
---@param f fun(...)
function M.within(moment, place, f, ...)
  if not moment then return f(...) end
  local seconds = M.left(moment)
  local ok, failure = pcall(task.timeout, seconds, f, ...)
  if ok then return end
  if type(failure) == "table" and failure.operation == "task.timeout" then
    errors.raise { kind = "deadline", service = place.service, operation = place.operation,
      sent = "no", message = "preparing the call would pass the deadline" }
  end
  error(failure, 0)
end

return M
