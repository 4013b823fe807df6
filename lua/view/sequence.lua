-- Tables with their length in `n`, as table.pack and task.map make them.
local json = require "c.json"

local M = {}

-- An object may have a field `n` too: one that has nothing else is no list of so many nils.
local function is_packed(value, n)
  if math.type(n) ~= "integer" or n < 0 or debug.getmetatable(value) then return false end
  local count = 0
  for key in next, value do
    if key ~= "n" then
      if math.type(key) ~= "integer" or key < 1 or key > n then return false end
      count = count + 1
    end
  end
  return count > 0 or n == 0
end

---The list that a value is: of a packed table its values, with null for those that are nil.
---@param value any
---@return any list the value itself where it is none of these
function M.of(value)
  if type(value) ~= "table" then return value end
  local n = rawget(value, "n")
  if n == nil or not is_packed(value, n) then return value end
  local list = json.array {}
  for i = 1, n do
    local item = rawget(value, i)
    list[i] = item == nil and json.null or item
  end
  return list
end

return M
