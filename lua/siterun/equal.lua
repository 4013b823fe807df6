---Whether two values are equal all the way down.
local M = {}

local function is(a, b)
  return a == b
end

---@param a any
---@param b any
---@param leaf? fun(a: any, b: any): boolean decides where one of them is no table; `==` unless given
---@return boolean
function M.deep(a, b, leaf)
  leaf = leaf or is
  if type(a) ~= "table" or type(b) ~= "table" then return leaf(a, b) end
  for key, value in pairs(a) do
    if not M.deep(value, b[key], leaf) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

return M
