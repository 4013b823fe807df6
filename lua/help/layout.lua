-- Lays help out as text: wrapped paragraphs, names in a column.
local usage = require "siterun.usage"

local M = {}

---@class help.Layout
---@field width integer columns
---@field lines string[]
local Layout = {}
Layout.__index = Layout

---@param width integer
---@return help.Layout
function M.new(width)
  return setmetatable({ width = math.max(width, 40), lines = {} }, Layout)
end

---One line as it is.
---@param text? string an empty line without it
function Layout:line(text)
  self.lines[#self.lines + 1] = text or ""
end

---Wrapped text; each line of it is a paragraph.
---@param text string
---@param indent? integer
function Layout:text(text, indent)
  local blank = (" "):rep(indent or 0)
  for _, line in ipairs(usage.wrap(text, self.width - #blank)) do self:line(blank .. line) end
end

---Text that stands as it is, such as an example.
---@param text string
---@param indent integer
function Layout:block(text, indent)
  for line in (text .. "\n"):gmatch "(.-)\n" do self:line((" "):rep(indent) .. line) end
end

-- A longer name gets a line of its own.
local NAME_MAX = 24

local function column_of(rows)
  local widest = 0
  for _, row in ipairs(rows) do
    if #row[1] <= NAME_MAX then widest = math.max(widest, #row[1]) end
  end
  return widest
end

function Layout:row(indent, column, name, text)
  local head = (" "):rep(indent) .. name
  local start = indent + column + 2
  if #name > column then
    self:line(head)
    head = ""
  end
  for _, line in ipairs(usage.wrap(text, math.max(self.width - start, 20))) do
    self:line((head .. (" "):rep(start - #head) .. line):match "^(.-)%s*$")
    head = ""
  end
end

---Names and what they are, as two columns.
---@param rows {[1]: string, [2]: string}[]
---@param indent integer
function Layout:rows(rows, indent)
  local column = column_of(rows)
  for _, row in ipairs(rows) do self:row(indent, column, row[1], row[2]) end
end

---@return string text ends in a newline
function Layout:finish()
  return table.concat(self.lines, "\n") .. "\n"
end

return M
