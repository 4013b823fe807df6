---The query of a request.
local M = {}

---@param text string percent-encoded, "+" for a blank
---@return string
function M.decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

---@param raw string what follows the "?"
---@return table<string, string> values by name; the last of several with one name
function M.parse(raw)
  local values = {}
  for pair in raw:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    values[M.decode(name)] = M.decode(value)
  end
  return values
end

---@param raw string
---@param secret string name of a parameter
---@return string the query with that parameter's value hidden
function M.hide(raw, secret)
  local parts = {}
  for pair in raw:gmatch("[^&]+") do
    local name = pair:match("^[^=]*")
    parts[#parts + 1] = M.decode(name) == secret and name .. "=***" or pair
  end
  return table.concat(parts, "&")
end

return M
