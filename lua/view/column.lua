-- The columns of a list of objects: what each holds and how wide it is.
local display = require "c.display"
local inline = require "view.inline"
local json = require "c.json"
local order = require "view.order"
local scalar = require "view.scalar"
local STYLES = require("view.color").STYLES
local time = require "view.time"

local M = {}

-- Rows that are looked at: to see what a column is, and for the width of one that is shown. Cells
-- of further ones are cut where they are wider.
local SAMPLE, ROWS_MAX = 200, 20000

-- No cell is wider, however wide the terminal; a row by itself shows all of it.
local WIDEST = 120

-- A nested object stands for itself by the first of these that it has: "site.name".
local LABELS = { "name", "title", "text", "id" }

local RANKS = { labelled = 4.8, long = 7, nested = 8, empty = 9 }

---@class view.Column
---@field key any
---@field label? string the field of a nested object that is shown
---@field is_here? boolean the time in local time
---@field header string
---@field rank number
---@field natural integer columns that it needs
---@field least integer columns with which it makes sense
---@field is_short? boolean it is cut to what tells its ids apart
---@field right boolean
---@field look? string
---@field texts? string[] of the rows that were measured
---@field looks? table<integer, string> at 0 the column's, and those that differ

---@param column view.Column
---@param row table
---@return string text, string? look
local function cell(column, row)
  local value = rawget(row, column.key)
  if type(value) == "string" then
    if column.is_here then return time.here(value) or "", STYLES.note end
    return scalar.quoted(value, false), column.look
  end
  if value == nil or column.is_here then return "" end
  if type(value) == "table" and not scalar.own_text(value) then
    local inner = column.label and rawget(value, column.label)
    if inner ~= nil and not scalar.is_nested(inner) then return (scalar.text(inner)) end
    return inline.text(value), next(value) == nil and STYLES.null or nil
  end
  return scalar.text(value)
end

M.cell = cell

local function label_of(value)
  if scalar.own_text(value) then return nil end
  for _, name in ipairs(LABELS) do
    local inner = rawget(value, name)
    if type(inner) == "string" or type(inner) == "number" then return name end
  end
end

---What is found in a column: each kind that values have, and the label of nested ones.
local function look_at(rows, key, count)
  local found = { number = 0, string = 0, other = 0, nested = 0, filled = 0 }
  for i = 1, count do
    local value = rawget(rows[i], key)
    if value ~= nil and value ~= json.null and value ~= "" then
      local kind = type(value)
      local is_nested = kind == "table" and not scalar.own_text(value)
      kind = is_nested and "nested" or found[kind] and kind or "other"
      found[kind], found.filled = found[kind] + 1, found.filled + 1
      found.label = found.label or is_nested and label_of(value) or nil
      found.sample = found.sample or value
    end
  end
  return found
end

---The widest cell, up to `WIDEST`. Keeps the texts in `texts`, and looks that are not the column's.
local function widest(column, rows, count, texts, looks)
  local width, measure = display.width(column.header, WIDEST), display.width
  local usual = column.look
  for i = 1, count do
    local text, look = cell(column, rows[i])
    texts[i] = text
    if look ~= usual then looks[i] = look or "" end
    if #text > width and width < WIDEST then
      local columns = measure(text, WIDEST)
      if columns > width then width = columns end
    end
  end
  return math.min(width, WIDEST)
end

---The text and the look of a column in the row with this number.
---@param column view.Column
---@param rows table[]
---@param i integer
---@return string text, string? look
function M.at(column, rows, i)
  local text = column.texts and column.texts[i]
  if not text then return cell(column, rows[i]) end
  local look = column.looks[i] or column.look
  return text, look ~= "" and look or nil
end

---Are the first bytes of all values different where the values are? nil where some can't be cut.
local function are_unique(rows, key, length)
  local seen = {}
  for i = 1, math.min(#rows, ROWS_MAX) do
    local value = rawget(rows[i], key)
    if type(value) ~= "string" or #value <= length + 1 or value:find("[^\x21-\x7E]") then
      return nil
    end
    local start = value:sub(1, length)
    if (seen[start] or value) ~= value then return false end
    seen[start] = value
  end
  return true
end

---How far ids can be shortened so that no two become the same; nil where they can't.
---@param column view.Column
---@param rows table[]
---@return integer? bytes
function M.short(column, rows)
  if column.rank ~= 1 or column.right then return nil end
  for length = 8, 28, 4 do
    local is_unique = are_unique(rows, column.key, length)
    if is_unique ~= false then return is_unique and length or nil end
  end
end

---Measures a column that is shown in all of its rows.
---@param column view.Column
---@param rows table[]
---@return boolean changed does it need more than was thought?
function M.refine(column, rows)
  if column.refined or column.is_short then return false end
  column.refined = true
  column.texts, column.looks = {}, { [0] = column.look }
  local count = math.min(#rows, ROWS_MAX)
  local natural = widest(column, rows, count, column.texts, column.looks)
  if natural == column.natural then return false end
  if column.least == column.natural then column.least = natural end
  column.natural = natural
  return true
end

-- A name such as "time" may be that of a duration.
local function is_date(value)
  return type(value) == "string" and value:find("^%d%d%d%d%-%d%d%-%d%d") ~= nil
end

local function rank_of(column, found)
  if found.filled == 0 then return RANKS.empty end
  if column.label then return order.rank(column.key) <= 4 and 4 or RANKS.labelled end
  if found.nested > 0 then return RANKS.nested end
  local rank = order.rank(column.key)
  if rank == 4 and not is_date(found.sample) then rank = 5 end
  if rank >= 5 and column.natural > 40 then return RANKS.long end
  return rank
end

local function describe(column, rows, count, found)
  local is_time = type(found.sample) == "string" and time.parse(found.sample) ~= nil
  column.right = found.number > 0 and found.number == found.filled
  column.look = is_time and STYLES.time or nil
  column.natural = widest(column, rows, count, {}, {})
  column.rank = rank_of(column, found)
  if is_time and column.rank > 4 then column.rank = 4 end
  local is_text = not column.right and not is_time and found.string + found.nested > 0
  column.least = is_text and math.min(column.natural, column.rank == 2 and 16 or 12)
    or column.natural
  if column.rank == 1 then column.least = column.natural end
  return is_time
end

local function local_column(column, rows, count)
  local here = { key = column.key, is_here = true, header = column.header .. " (local)",
    right = false, rank = column.rank + 0.3 }
  here.natural = widest(here, rows, count, {}, {})
  here.least = here.natural
  return here
end

---@param key any
---@param rows table[]
---@param count integer of rows to look at
---@param into view.Column[]
local function add(key, rows, count, into)
  local found = look_at(rows, key, count)
  local column = { key = key, label = found.nested == found.filled and found.label or nil }
  column.header = tostring(key) .. (column.label and "." .. column.label or "")
  local is_time = describe(column, rows, count, found)
  into[#into + 1] = column
  if is_time and time.here(found.sample) then
    into[#into + 1] = local_column(column, rows, count)
  end
end

---All columns, the most telling first.
---@param rows table[]
---@return view.Column[]
function M.list(rows)
  local count, columns = math.min(#rows, SAMPLE), {}
  local keys = order.all_keys(rows)
  table.sort(keys, order.for_people)
  for _, key in ipairs(keys) do add(key, rows, count, columns) end
  for i, column in ipairs(columns) do column.place = i end
  table.sort(columns, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.place < b.place
  end)
  return columns
end

return M
