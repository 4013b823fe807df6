-- Numbers of things, for reading.
local M = {}

---12345 as "12,345".
---@param n integer
---@return string
function M.text(n)
  local head, tail = tostring(n), ""
  while #head > 3 do head, tail = head:sub(1, -4), "," .. head:sub(-3) .. tail end
  return head .. tail
end

---"1 row", "2,000 rows".
---@param n integer
---@param what string
---@return string
function M.of(n, what)
  return ("%s %s%s"):format(M.text(n), what, n == 1 and "" or "s")
end

return M
