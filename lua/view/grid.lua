-- A list as a table: a row for each item, the columns that fit.
local column_of = require "view.column"
local display = require "c.display"
local inline = require "view.inline"
local json = require "c.json"
local fit = require "view.fit"
local number = require "view.number"
local scalar = require "view.scalar"
local STYLES = require("view.color").STYLES

local M = {}

-- Rows that are made at once.
local CHUNK = 100

-- Hidden columns whose names are told.
local NAMES = 4

---Is it a list whose items are all objects?
---@param list table
---@return boolean
function M.is_rows(list)
  if #list == 0 then return false end
  for i = 1, #list do
    local item = rawget(list, i)
    if type(item) ~= "table" or scalar.own_text(item) or json.is_array(item) then
      return false
    end
  end
  return true
end

local function widths(columns)
  local list = {}
  for i, column in ipairs(columns) do
    list[i] = column.right and -column.width or column.width
  end
  return list
end

-- Ids that are cut to what tells them apart.
local function shortened(column, rows, first, last)
  local texts = {}
  for i = first, last do
    texts[i] = column_of.cell(column, rows[i]):sub(1, column.least - 1) .. "…"
  end
  return texts
end

-- Texts and looks of rows that were not measured.
local function made(column, rows, first, last)
  local texts, looks = {}, { [0] = column.look }
  for i = first, last do texts[i], looks[i] = column_of.cell(column, rows[i]) end
  return texts, looks
end

local function texts_of(column, rows, first, last)
  if column.is_short then return shortened(column, rows, first, last), {} end
  if column.texts and column.texts[last] then return column.texts, column.looks end
  return made(column, rows, first, last)
end

local function make_rows(rows, first, last, columns, is_colored)
  local texts, looks = {}, {}
  for i, column in ipairs(columns) do
    texts[i], looks[i] = texts_of(column, rows, first, last)
  end
  return display.rows(texts, widths(columns), first, last, is_colored and looks or nil)
end

local function indented(lines, indent)
  if indent == "" then return lines end
  for i, line in ipairs(lines) do lines[i] = indent .. line end
  return lines
end

local function add_heading(page, columns, indent)
  local texts, looks = {}, {}
  for i, column in ipairs(columns) do
    texts[i], looks[i] = { column.header }, { STYLES.heading }
  end
  page:add(indent
    .. display.rows(texts, widths(columns), 1, 1, page.is_colored and looks or nil)[1])
end

local function add_rows(page, rows, columns, indent)
  local is_colored = page.is_colored
  for first = 1, #rows, CHUNK do
    local last = math.min(first + CHUNK - 1, #rows)
    page:add_later(last - first + 1, function()
      return indented(make_rows(rows, first, last, columns, is_colored), indent)
    end)
  end
end

local function names_of(columns)
  local names = {}
  for i = 1, math.min(#columns, NAMES) do names[i] = columns[i].header end
  if #columns > NAMES then names[NAMES + 1] = "…" end
  return display.clean(table.concat(names, ", "))
end

local function foot_of(page, rows, hidden)
  local text = number.of(#rows, "row")
  if #hidden == 0 then return text end
  text = ("%s; %s not shown"):format(text, number.of(#hidden, "column"))
  local forms = { "%s: %s; %s", "%s; %s", "%s" }
  local long = { { text, names_of(hidden), page.how }, { text, page.how }, { text } }
  for i, form in ipairs(forms) do
    local foot = form:format(table.unpack(long[i]))
    if i == #forms or display.width(foot) <= page.width then return foot end
  end
end

---@param page view.Page
---@param rows table[] objects
---@param indent string
---@return string foot what is to be said below it
function M.add(page, rows, indent)
  local width = math.max(page.width - #indent, 1)
  local columns, hidden = fit.choose(column_of.list(rows), rows, width)
  if #columns == 0 then return number.of(#rows, "row") .. " without a field" end
  add_heading(page, columns, indent)
  add_rows(page, rows, columns, indent)
  return foot_of(page, rows, hidden)
end

---A list of other values, each after its number.
---@param page view.Page
---@param list any[]
---@param indent string
---@return string foot
function M.add_values(page, list, indent)
  local digits = #tostring(#list)
  local room = math.max(page.width - #indent - digits - 2, 1)
  for first = 1, #list, CHUNK do
    local last = math.min(first + CHUNK - 1, #list)
    page:add_later(last - first + 1, function()
      local numbers, texts = {}, {}
      for i = first, last do numbers[i], texts[i] = tostring(i), inline.text(list[i]) end
      local looks = page.is_colored and { { [0] = STYLES.note }, {} } or nil
      local lines = display.rows({ numbers, texts }, { -digits, room }, first, last, looks)
      return indented(lines, indent)
    end)
  end
  return number.of(#list, "value")
end

return M
