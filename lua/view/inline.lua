-- A nested value on one line: {name: Ana Silva, id: 0536}, [1, 2, 3].
local json = require "c.json"
local order = require "view.order"
local scalar = require "view.scalar"

local M = {}

-- What is deeper, or beyond this many bytes, is left out: one line shows no more.
local DEPTH_MAX, BYTES_MAX = 5, 1000

local PLAIN = "^[^,:{}%[%]\"]*$"

local function string_text(text)
  if #text > BYTES_MAX then text = text:sub(1, BYTES_MAX) end
  if text:find(PLAIN) then return scalar.quoted(text, true) end
  return '"' .. text .. '"'
end

---@class view.Inline what is written so far
---@field parts string[]
---@field count integer of the parts
---@field bytes integer
---@field inside table<table, true> the tables around

local add

local function put(line, text)
  local count = line.count + 1
  line.parts[count], line.count = text, count
  line.bytes = line.bytes + #text
end

local function add_list(line, list, depth)
  put(line, "[")
  for i = 1, #list do
    if i > 1 then put(line, ", ") end
    if line.bytes > BYTES_MAX then
      put(line, "…")
      break
    end
    add(line, rawget(list, i), depth)
  end
  put(line, "]")
end

local function add_object(line, object, depth)
  put(line, "{")
  for i, key in ipairs(order.keys(object)) do
    if i > 1 then put(line, ", ") end
    if line.bytes > BYTES_MAX then
      put(line, "…")
      break
    end
    put(line, tostring(key) .. ": ")
    add(line, rawget(object, key), depth)
  end
  put(line, "}")
end

local function add_table(line, value, depth)
  if not scalar.is_nested(value) then return put(line, (scalar.text(value))) end
  local is_list = json.is_array(value)
  if line.inside[value] or depth >= DEPTH_MAX then
    return put(line, is_list and "[…]" or "{…}")
  end
  line.inside[value] = true
  local add_nested = is_list and add_list or add_object
  add_nested(line, value, depth + 1)
  line.inside[value] = nil
end

function add(line, value, depth)
  local kind = type(value)
  if kind == "string" then return put(line, string_text(value)) end
  if kind == "table" then return add_table(line, value, depth) end
  put(line, (scalar.text(value)))
end

-- Tables that grew once serve again.
local spare_parts

---@param value any
---@param inside? table<table, true> tables around it, which are not shown again
---@return string text as it is, not yet fit for a terminal
function M.text(value, inside)
  local parts = spare_parts or {}
  local line = { parts = parts, count = 0, bytes = 0, inside = inside or {} }
  spare_parts = nil -- a __tostring may come back here
  add(line, value, 0)
  spare_parts = parts
  return table.concat(parts, "", 1, line.count)
end

return M
