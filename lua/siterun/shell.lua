---Texts for the shell.
local M = {}

---One word, whatever is in it.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

return M
