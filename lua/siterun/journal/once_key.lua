-- Keys under which a write is made once.
local secret = require "c.secret"

local M = {}

-- Bytes; a key is a name, not a text.
M.LONGEST = 200

---@param key any
---@return string? problem nil for a good key
function M.problem(key)
  if type(key) ~= "string" then return "once must be a string, not a " .. type(key) end
  if key == "" then return "once must not be empty" end
  if #key > M.LONGEST then return "once must have at most " .. M.LONGEST .. " bytes" end
  if key:find "[%c\x7F]" or not utf8.len(key) then
    return "once must be text without control characters"
  end
  if secret.redact(key) ~= key then return "once must not hold a secret" end
end

return M
