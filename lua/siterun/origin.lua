-- What clients, their resources and methods were made from, for those that explain them. Nothing
-- is kept alive by it.
local M = {}

---@class siterun.Origin
---@field service siterun.Service
---@field client? boolean is it a whole client?
---@field connect? boolean is it the function that makes one?
---@field common? string of a method that every client has: its name
---@field options? table what the client was connected with
---@field resource? string of a holder of methods
---@field bound? boolean the resource's methods need a name first, as tw:resource(name)
---@field endpoint? siterun.Endpoint of a method
---@field way? "call"|"each"|"all"

---@type table<any, siterun.Origin>
local origins = setmetatable({}, { __mode = "k" })

---@generic T
---@param value T a function or a table
---@param origin siterun.Origin
---@return T value
function M.note(value, origin)
  origins[value] = origin
  return value
end

---@param value any
---@return siterun.Origin?
function M.of(value)
  return value ~= nil and origins[value] or nil
end

---Every client that somebody may still call.
---@return siterun.Client[]
function M.clients()
  collectgarbage()
  local list = {}
  for value, origin in pairs(origins) do
    if origin.client then list[#list + 1] = value end
  end
  return list
end

return M
