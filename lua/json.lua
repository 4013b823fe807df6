-- JSON: integers stay integers, null is a value, a list stays a list.
local c = require "c.json"
local errors = require "siterun.errors"

local M = {}

---JSON's null: a value, so that it survives in a table where nil would not. Equal to
---`cjson.null`.
---@type lightuserdata
M.null = c.null

---Marks a table as a list, so that it is written as `[]` also when it is empty. What `decode`
---read as a list is marked.
---@generic T
---@param t? T[] a new table unless given
---@return T[] t the same table
function M.array(t)
  return c.array(t)
end

---Marks a table as an object: written as `{}`, never as a list.
---@generic T: table
---@param t? T a new table unless given
---@return T t the same table
function M.object(t)
  return c.object(t)
end

---Would `encode` write it as a list?
---@param value any
---@return boolean
function M.is_array(value)
  return c.is_array(value)
end

---Would `encode` write it as an object? True for an empty table that is not marked.
---@param value any
---@return boolean
function M.is_object(value)
  return c.is_object(value)
end

---Writes a value as JSON: compact, keys sorted, so that equal values give equal bytes. Floats
---keep a point or an exponent and take the fewest digits that read back as the same number.
---Raises a usage error that names the path ("tickets[3].price: NaN cannot be JSON") for NaN,
---infinities, functions, text that is not UTF-8, lists with gaps, tables that hold themselves
---and anything deeper than 2048 values.
---@param value any
---@return string
function M.encode(value)
  local text, message = c.encode(value)
  if not text then
    errors.raise { kind = "usage", message = message, hint = "correct the value" }
  end
  return text
end

local function check_options(options)
  if type(options) ~= "table" then
    errors.raise { kind = "usage", message = "json.decode: the options are a table, not a "
      .. type(options), hint = "the only option is bom" }
  end
  for name in pairs(options) do
    if name ~= "bom" then
      errors.raise { kind = "usage", message = "json.decode: unknown option " .. tostring(name),
        hint = "the only option is bom" }
    end
  end
end

---Reads JSON text. Raises a decode error that names the place for anything else: also for text
---behind the value, invalid UTF-8, integers beyond 64 bits, more than 2048 values inside each
---other and a byte order mark. Of equal keys the last one counts.
---@param text string
---@param options? {bom?: boolean} `bom`: skip a byte order mark in front
---@return any value
function M.decode(text, options)
  if type(text) ~= "string" then
    errors.raise { kind = "usage", message = "json.decode takes text, not a " .. type(text),
      hint = "correct the call" }
  end
  if options then check_options(options) end
  local value, message, position = c.decode(text, options and options.bom)
  if position then
    errors.raise { kind = "decode", message = message, position = position,
      hint = "correct the text" }
  end
  return value
end

return M
