-- The services that siterun declares itself; the rest of the engine learns their names here.
local M = {}

---@type string[]
M.NAMES = { "teleporte", "ticketing", "teamworklive" }

local is_known = {}
for _, name in ipairs(M.NAMES) do is_known[name] = true end

---The declaration of one of these services; nil for a name that is none of theirs.
---@param name string
---@return siterun.Service?
function M.declaration(name)
  return is_known[name] and require(name).declaration
end

---The declarations of all of them.
---@return siterun.Service[]
function M.declarations()
  local list = {}
  for i, name in ipairs(M.NAMES) do list[i] = require(name).declaration end
  return list
end

return M
