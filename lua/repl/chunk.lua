---A chunk that was typed: from its text to a function.
local M = {}

---`=x` is `return x`, as in Lua 5.1.
local function without_sign(text)
  return (text:gsub("^%s*=", "return ", 1))
end

---@param text string
---@return function? chunk
---@return string? message
---@return boolean? incomplete the text is the beginning of a chunk
function M.compile(text)
  local chunk = load("return " .. text, "=stdin", "t")
  if chunk then
    return chunk
  end
  local message
  chunk, message = load(without_sign(text), "=stdin", "t")
  return chunk, message, message ~= nil and message:find("<eof>$") ~= nil
end

return M
