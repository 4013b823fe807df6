---A chunk that was typed: from its text to a function.
local M = {}

---A position in a chunk: "stdin#3:1:", of the third one.
M.PATTERN = "stdin#(%d+):(%d+):"

---@param source string as debug.getinfo gives it
---@return integer? number of the chunk
function M.number(source)
  return math.tointeger(source:match("^=stdin#(%d+)$"))
end

---What is compiled: `=x` is `return x`, as in Lua 5.1.
---@param text string
---@return string
function M.source(text)
  return (text:gsub("^%s*=", "return ", 1))
end

---@param text string
---@param number integer of the chunk in its session
---@return function? chunk
---@return string? message
---@return boolean? incomplete the text is the beginning of a chunk
function M.compile(text, number)
  local name = "=stdin#" .. number
  local chunk = load("return " .. text, name, "t")
  if chunk then
    return chunk
  end
  local message
  chunk, message = load(M.source(text), name, "t")
  return chunk, message, message ~= nil and message:find("<eof>$") ~= nil
end

return M
