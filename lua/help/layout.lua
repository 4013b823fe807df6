-- Lays help out as text: wrapped paragraphs, names in a column.
local columns = require "siterun.columns"

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
  for _, line in ipairs(columns.wrap(text, self.width - #blank)) do self:line(blank .. line) end
end

---Text that stands as it is, such as an example.
---@param text string
---@param indent integer
function Layout:block(text, indent)
  for line in (text .. "\n"):gmatch "(.-)\n" do self:line((" "):rep(indent) .. line) end
end

---Names and what they are, as two columns.
---@param rows {[1]: string, [2]: string}[]
---@param indent integer
function Layout:rows(rows, indent)
  for _, line in ipairs(columns.rows(rows, self.width, indent, 2)) do self:line(line) end
end

---@return string text ends in a newline
function Layout:finish()
  return table.concat(self.lines, "\n") .. "\n"
end

return M
