-- Results as people read them.
local color = require "view.color"
local display = require "c.display"
local fields = require "view.fields"
local grid = require "view.grid"
local json = require "c.json"
local page_of = require "view.page"
local scalar = require "view.scalar"
local sequence = require "view.sequence"
local terminal = require "c.terminal"
local time = require "view.time"
local wrap = require "view.wrap"

local M = {}

---What was begun and is not shown whole.
local open

-- A text of up to this many bytes is shown as it is, and may be copied whole; a longer one in lines
-- of the screen's width, which can stop at the screen's end.
local WHOLE_MAX = 2000

local function add_text(page, text)
  if #text > WHOLE_MAX and page.is_bounded then
    for _, line in ipairs(wrap.lines(text, page.width)) do page:add(line) end
    return
  end
  local here = time.here(text)
  local note = here and page:paint("note", "  (" .. here .. " local)") or ""
  for line in (scalar.quoted(text, true) .. "\n"):gmatch("(.-)\n") do
    page:add((display.clean(line, true):gsub("\t+$", "")) .. note)
  end
end

local function add_single(page, value)
  local text = display.clean((scalar.text(value)))
  local is_null = value == json.null or type(value) == "table" and not scalar.own_text(value)
  page:add(is_null and page:paint("null", text) or text)
end

-- A list that fits one line needs no table.
local function is_short_list(page, list)
  if not json.is_array(list) or grid.is_rows(list) then return false end
  local text = #list <= 100 and require("view.inline").text(list)
  return text and display.width(text, page.width) <= page.width and text
end

local function add_table(page, value, is_alone)
  local short = is_short_list(page, value)
  if short then return page:add(display.clean(short)) end
  local before = page.lines
  local foot = fields.add_nested(page, value, 0, {})
  if foot and is_alone then
    page.foot = foot
    page.headings = grid.is_rows(value) and 1 or 0
    page.rows = page.lines - before - page.headings
  elseif foot then
    page:add(page:paint("note", foot))
  end
end

local function add_value(page, value, is_alone)
  if type(value) == "string" then
    add_text(page, value)
  elseif require("view.error").add(page, value) or require("view.client").add(page, value) then
    return
  elseif scalar.is_nested(value) then
    add_table(page, value, is_alone)
  else
    add_single(page, value)
  end
end

local function are_single(values)
  for i = 1, values.n do
    if scalar.is_nested(values[i]) then return false end
  end
  return true
end

-- Several single values share a line, as with print.
local function add_line(page, values)
  local texts = {}
  for i = 1, values.n do
    local value = values[i]
    local text = type(value) == "string" and scalar.quoted(value, true)
      or (scalar.text(value))
    texts[i] = display.clean(text)
  end
  page:add(table.concat(texts, "\t"))
end

local function fill(page, values)
  if values.n > 1 and are_single(values) then return add_line(page, values) end
  for i = 1, values.n do add_value(page, sequence.of(values[i]), values.n == 1) end
end

-- The prompt needs the last line of the screen.
local function lines_of(given)
  if given then return given > 0 and given or nil end
  if not terminal.is("stdout") then return nil end
  local _, rows = terminal.size("stdout")
  return math.max(rows - 1, 5)
end

---@class view.Options
---@field width? integer columns of the screen; those of the terminal unless told
---@field color? boolean as view.color has it unless told
---@field how? string how columns that do not fit can be seen
---@field lines? integer of the screen, 0 for none: what is longer stops there, for `more`; those of
---the terminal unless told

---Results for reading: a list of objects as a table, one object as fields, anything else as it
---is. No control character of a value is in it.
---@param values table as of table.pack
---@param options? view.Options
---@return string text ends in a newline; "" when there are no values
function M.show(values, options)
  options = options or {}
  local is_colored = options.color
  if is_colored == nil then is_colored = color.is_on("stdout") end
  local page = page_of.new(options.width or terminal.size("stdout"), is_colored)
  local lines = lines_of(options.lines)
  page.how, page.is_bounded = options.how or page.how, lines ~= nil
  fill(page, values)
  local text = page:next(lines)
  open = page:has_more() and page or nil
  return text
end

---The next screenful of what `show` began.
---@param lines? integer of the screen, 0 for all that is left; those of the terminal unless told
---@return string text "" when there is no more
function M.more(lines)
  if not open then return "" end
  local text = open:next(lines_of(lines))
  if not open:has_more() then open = nil end
  return text
end

---Writes a value as "json", "ndjson", "csv" or "table"; see view.format.
---@async
---@param name string
---@param value any
---@param out file*
function M.write(name, value, out)
  require("view.format").write(name, value, out)
end

return M
