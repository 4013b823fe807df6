-- The text of a single value, and how it looks.
local json = require "c.json"
local color = require "view.color"

local M = {}

local STYLES = color.STYLES
local null = json.null
local metatable_of = debug.getmetatable

-- Words that a string would be taken for.
local WORDS = { null = true, ["true"] = true, ["false"] = true, ["nil"] = true }

-- The marks of lists and objects, which have a text that is for print.
local MARKS = {
  [debug.getmetatable(json.array {})] = true,
  [debug.getmetatable(json.object {})] = true,
}

---A table's `__tostring`, where it has one that works.
local function own_text(value)
  local meta = metatable_of(value)
  if not meta or MARKS[meta] or type(meta) ~= "table" or not meta.__tostring then
    return nil
  end
  local ok, text = pcall(tostring, value)
  return ok and text or nil
end
M.own_text = own_text

---Is there more to it than one value?
---@param value any
---@return boolean
function M.is_nested(value)
  return type(value) == "table" and next(value) ~= nil and not own_text(value)
end

---An empty list, an empty object; nil for other tables.
---@param value table
---@return string?
function M.empty(value)
  if next(value) ~= nil then return nil end
  return json.is_array(value) and "[]" or "{}"
end

-- What every number begins with.
local DIGIT = "^[%s%d.+-]"

---A string in quotes where it would be taken for something else.
---@param text string
---@param numbers boolean would digits mislead here?
---@return string
function M.quoted(text, numbers)
  if WORDS[text] or not text:find("%S") or numbers and text:find(DIGIT) and tonumber(text) then
    return '"' .. text .. '"'
  end
  return text
end

local function other_text(value)
  local ok, text = pcall(tostring, value)
  return ok and text or type(value)
end

---@param value any not a table with something in it, unless that has a text of its own
---@return string text as it is, not yet fit for a terminal
---@return string? look SGR parameters
---@return boolean? right is it aligned to the right?
function M.text(value)
  local kind = type(value)
  if kind == "number" then
    return tostring(value), STYLES.number, true
  elseif value == null then
    return "null", STYLES.null
  elseif kind == "boolean" or kind == "nil" then
    return tostring(value), STYLES.number
  elseif kind == "table" then
    local empty = not own_text(value) and M.empty(value)
    return empty or own_text(value), empty and STYLES.null
  end
  return other_text(value)
end

return M
