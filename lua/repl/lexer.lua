---The tokens of Lua text, also of text that is not complete or not correct.
local M = {}

---@class repl.Token
---@field kind "name"|"keyword"|"number"|"string"|"comment"|"mark"
---@field text string as written; of a string what is between its quotes
---@field from integer its first byte
---@field to integer its last byte
---@field open? boolean a string or comment that goes on behind the text
---@field quote? string what a string began with

M.KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]):gmatch("%S+") do
  M.KEYWORDS[word] = true
end

local function token(kind, text, from, to, more)
  local made = more or {}
  made.kind, made.text, made.from, made.to = kind, text, from, to
  return made
end

---A comment or string in long brackets, or nil where there are none at `at`.
local function long(text, kind, from, at)
  local _, opened, level = text:find("^%[(=*)%[", at)
  if not opened then
    return nil
  end
  local first, last = text:find("]" .. level .. "]", opened + 1, true)
  return token(kind, text:sub(opened + 1, (first or #text + 1) - 1), from, last or #text,
    { open = not first, quote = text:sub(at, opened) })
end

local function comment(text, at)
  local found = long(text, "comment", at, at + 2)
  if found then
    return found
  end
  local last = text:find("\n", at, true)
  return token("comment", "", at, last or #text, { open = not last })
end

local function quoted(text, at)
  local quote, i = text:sub(at, at), at + 1
  while true do
    local found = text:find("[\\\n" .. quote .. "]", i)
    if not found then
      return token("string", text:sub(at + 1), at, #text, { open = true, quote = quote })
    elseif text:sub(found, found) ~= "\\" then
      return token("string", text:sub(at + 1, found - 1), at, found, { quote = quote })
    end
    i = found + 2
  end
end

local function word(text, at)
  local _, last = text:find("^[%a_][%w_]*", at)
  local name = text:sub(at, last)
  return token(M.KEYWORDS[name] and "keyword" or "name", name, at, last)
end

local MARKS = {
  "^%.%.%.?", "^[=~<>]=", "^::", "^//", "^<<", "^>>", "^[\xC2-\xF4][\x80-\xBF]*", "^.",
}

local function mark(text, at)
  for _, pattern in ipairs(MARKS) do
    local _, last = text:find(pattern, at)
    if last then
      return token("mark", text:sub(at, last), at, last)
    end
  end
end

local function next_token(text, at)
  if text:find("^[%a_]", at) then
    return word(text, at)
  elseif text:find("^%-%-", at) then
    return comment(text, at)
  elseif text:find("^[\"']", at) then
    return quoted(text, at)
  elseif text:find("^%.?%d", at) then
    local _, last = text:find("^[%w_.]+", at)
    return token("number", text:sub(at, last), at, last)
  end
  return long(text, "string", at, at) or mark(text, at)
end

---@param text string
---@return repl.Token[]
function M.read(text)
  local tokens, at = {}, text:find("%S")
  while at do
    local found = next_token(text, at)
    tokens[#tokens + 1] = found
    at = text:find("%S", found.to + 1)
  end
  return tokens
end

return M
