-- Errors of calls: the line that says what to do, and the fields.
local errors = require "siterun.errors"
local fields = require "view.fields"
local wrap = require "view.wrap"

local M = {}

---Shows the value when it is an error of a call.
---@param page view.Page
---@param value any
---@return boolean done
function M.add(page, value)
  if not errors.is(value) then return false end
  for i, line in ipairs(wrap.lines(tostring(value), page.width)) do
    page:add(i == 1 and page:paint("error", line) or line)
  end
  local plain = {}
  for key, field in next, value do plain[key] = field end
  fields.add(page, plain, 1, {})
  return true
end

return M
