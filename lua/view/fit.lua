-- Which columns fit into a width, and how wide each is.
local column_of = require "view.column"

local M = {}

-- Blanks between columns.
local GAP = 2

---Who gets columns before anyone else: one that names the thing, its title, its state, a date.
local function primaries(columns)
  local chosen, taken = {}, {}
  for _, column in ipairs(columns) do
    local group = math.floor(column.rank)
    if column.rank <= 4 and not taken[group] then
      taken[group] = true
      chosen[#chosen + 1] = column
    end
  end
  return chosen
end

local function least_width(columns)
  local width = -GAP
  for _, column in ipairs(columns) do width = width + column.least + GAP end
  return width
end

---Ids are whole unless the columns that matter would not fit beside them.
local function shorten(columns, rows, width)
  local first = primaries(columns)
  for _, column in ipairs(first) do
    if least_width(first) <= width then return end
    local length = not column.is_short and column_of.short(column, rows)
    if length then
      column.least = math.max(length + 1, #column.header)
      column.natural = column.least
      column.is_short = true
    end
  end
end

local function choose(columns, width)
  local left, chosen, hidden = width + GAP, {}, {}
  for _, column in ipairs(columns) do column.width = nil end
  local function take(column)
    if column.least + GAP > left then return false end
    left = left - column.least - GAP
    column.width = column.least
    return true
  end
  for _, column in ipairs(primaries(columns)) do take(column) end
  for _, column in ipairs(columns) do
    local is_in = column.width or take(column)
    table.insert(is_in and chosen or hidden, column)
  end
  return chosen, hidden, left
end

---What is left goes to those that need more, the first ones first.
local function widen(columns, left)
  for _, most in ipairs { 40, math.huge } do
    for _, column in ipairs(columns) do
      local more = math.min(left, math.min(column.natural, most) - column.width)
      if more > 0 then
        column.width = column.width + more
        left = left - more
      end
    end
  end
end

-- Measuring all rows of a column may show that fewer fit.
local function refine(columns, rows)
  local has_changed = false
  for _, column in ipairs(columns) do
    has_changed = column_of.refine(column, rows) or has_changed
  end
  return has_changed
end

---@param columns view.Column[] the most telling first
---@param rows table[]
---@param width integer
---@return view.Column[] chosen with their `width`
---@return view.Column[] hidden
function M.choose(columns, rows, width)
  local chosen, hidden, left
  repeat
    shorten(columns, rows, width)
    chosen, hidden, left = choose(columns, width)
  until not refine(chosen, rows)
  if #chosen == 0 and #columns > 0 then
    columns[1].width = math.max(width, 1)
    return { columns[1] }, table.move(columns, 2, #columns, 1, {})
  end
  widen(chosen, left)
  return chosen, hidden
end

return M
