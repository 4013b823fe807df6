-- An endpoint's parameters by how the caller gives them and by what is to be done with them.
local M = {}

---@class siterun.Parameters
---@field positional siterun.Param[]
---@field named siterun.Param[]
---@field option siterun.Param[]
---@field others siterun.Param[] all but the positional ones: the caller may leave them out
---@field after siterun.Param[] those that must come after another

local function sort_out(endpoint)
  local found = { positional = {}, named = {}, option = {}, others = {}, after = {} }
  for _, param in ipairs(endpoint.params) do
    local list = param.option and found.option or param.positional and found.positional
      or found.named
    if param.name ~= endpoint.bound then list[#list + 1] = param end
    if list ~= found.positional then table.insert(found.others, param) end
    if param.after then table.insert(found.after, param) end
  end
  return found
end

---@type table<siterun.Endpoint, siterun.Parameters>
local known = setmetatable({}, { __mode = "k" })

---@param endpoint siterun.Endpoint
---@return siterun.Parameters
function M.of(endpoint)
  local found = known[endpoint]
  if not found then
    found = sort_out(endpoint)
    known[endpoint] = found
  end
  return found
end

return M
