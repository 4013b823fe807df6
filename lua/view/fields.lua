-- One object: a line for each field, values below each other, what is nested below its name.
local display = require "c.display"
local grid = require "view.grid"
local inline = require "view.inline"
local json = require "c.json"
local number = require "view.number"
local order = require "view.order"
local scalar = require "view.scalar"
local time = require "view.time"
local wrap = require "view.wrap"

local M = {}

-- Names are aligned up to this many columns. What is deeper than DEPTH_MAX, or comes after so many
-- lines, is shown on one line.
local NAME_MAX, DEPTH_MAX, LINES_MAX = 30, 5, 2000

-- A value's bytes that are shown; the rest is counted.
local BYTES_MAX = 20000

local STYLE = { number = "number", boolean = "number" }

local add_value

local function style_of(value)
  if value == json.null or type(value) == "table" then return "null" end
  return STYLE[type(value)]
end

local function painted(page, style, text)
  return style and page:paint(style, text) or text
end

local function name_text(name, width)
  local text = display.clean(tostring(name))
  local columns = display.width(text)
  return columns < width and text .. (" "):rep(width - columns) or text
end

local function add_lines(page, lead, indent, lines, style)
  for i, line in ipairs(lines) do
    page:add((i == 1 and lead or (" "):rep(indent)) .. painted(page, style, line))
  end
end

local function string_lines(text, width)
  local left = #text - BYTES_MAX
  local lines = wrap.lines(left > 0 and text:sub(1, BYTES_MAX) or text, width)
  if left > 0 then lines[#lines + 1] = ("… %s more"):format(number.of(left, "byte")) end
  return lines
end

local function add_string(page, lead, indent, text)
  local here = time.here(text)
  if here then
    local note = page:paint("note", "  (" .. here .. " local)")
    return page:add(lead .. page:paint("time", display.clean(text)) .. note)
  end
  local lines = string_lines(scalar.quoted(text, true), math.max(page.width - indent, 20))
  add_lines(page, lead, indent, lines, time.parse(text) and "time" or nil)
end

local function is_shallow(value, page, depth, inside)
  return inside[value] or depth >= DEPTH_MAX or page.lines > LINES_MAX
end

local function count_text(list)
  return grid.is_rows(list) and number.of(#list, "object") or number.of(#list, "value")
end

local function add_below(page, lead, value, depth, inside)
  local is_list = json.is_array(value)
  page:add(is_list and lead .. page:paint("note", count_text(value)) or lead:gsub(" +$", ""))
  M.add_nested(page, value, depth + 1, inside)
end

local function add_table(page, lead, indent, value, depth, inside)
  local text = inside[value] and "{…}" or inline.text(value, inside)
  local room = math.max(page.width - indent, 10)
  if display.width(text, room) <= room or is_shallow(value, page, depth, inside) then
    return page:add(lead .. display.fit(text, room):gsub(" +$", ""))
  end
  add_below(page, lead, value, depth, inside)
end

function add_value(page, lead, indent, value, depth, inside)
  if type(value) == "string" then return add_string(page, lead, indent, value) end
  if scalar.is_nested(value) then
    return add_table(page, lead, indent, value, depth, inside)
  end
  local text = display.clean((scalar.text(value)))
  page:add(lead .. painted(page, style_of(value), text))
end

local function name_width(keys)
  local width = 0
  for _, key in ipairs(keys) do
    local columns = display.width(tostring(key), NAME_MAX)
    if columns <= NAME_MAX then width = math.max(width, columns) end
  end
  return width
end

---@param page view.Page
---@param object table
---@param depth integer how deep it lies
---@param inside table<table, true> the tables around it
function M.add(page, object, depth, inside)
  local keys, indent = order.keys(object), ("  "):rep(depth)
  local width = name_width(keys)
  for _, key in ipairs(keys) do
    local name = name_text(key, width)
    local lead = indent .. page:paint("name", name) .. "  "
    local column = #indent + math.max(display.width(name), width) + 2
    add_value(page, lead, column, rawget(object, key), depth, inside)
  end
end

---A table, whatever it is, in lines of its own.
---@param page view.Page
---@param value table with something in it
---@param depth integer
---@param inside table<table, true>
---@return string? foot of a list
function M.add_nested(page, value, depth, inside)
  local indent = ("  "):rep(depth)
  inside[value] = true
  local foot
  if not json.is_array(value) then
    M.add(page, value, depth, inside)
  elseif grid.is_rows(value) then
    foot = grid.add(page, value, indent)
  else
    foot = grid.add_values(page, value, indent)
  end
  inside[value] = nil
  return foot
end

return M
