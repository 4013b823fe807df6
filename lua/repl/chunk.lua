---A chunk that was typed: from its text to a function.
local locals = require("repl.locals")

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

-- As an argument: a tail call would leave no trace of the chunk. Lua gives an index that fails the line
-- of the parenthesis behind it; that can't be the text's where this ends with a comment.
local FORM = "local function pass(...) return ... end return pass(%s%s)"

local function compile_expression(text, name, env)
  text = text:gsub("^%s*=", "", 1):gsub("%s+$", "")
  local plain, message = load("return " .. text, name, "t", env)
  if not plain then
    return nil, message
  end
  return (load(FORM:format(text, ""), name, "t", env)
    or load(FORM:format(text, "\n"), name, "t", env) or plain)
end

local function is_cut(message)
  return message ~= nil and message:find("<eof>$") ~= nil
end

---@param text string
---@param number integer of the chunk in its session
---@return function? chunk
---@return string? message
---@return boolean? incomplete the text is the beginning of a chunk
function M.compile(text, number)
  local name, env = "=stdin#" .. number, locals.env()
  local chunk, message = compile_expression(text, name, env)
  if chunk then
    return chunk
  end
  local is_expression = is_cut(message)
  chunk, message = load(M.source(text), name, "t", env)
  chunk = chunk and locals.compile(text, name) or chunk
  return chunk, message, message ~= nil and (is_expression or is_cut(message))
end

return M
