-- What is shown, line by line, made as far as somebody looks: a screenful, and the rest later.
local color = require "view.color"
local number = require "view.number"

local M = {}

---@class view.Page
---@field items (string|view.Later)[]
---@field lines integer how many lines the items are
---@field width integer
---@field is_colored boolean
---@field is_bounded? boolean does it stop at the end of a screen?
---@field rows? integer of the one table that this is
---@field headings integer lines of `items` that are no rows
---@field how string how columns that do not fit can be seen
---@field foot? string what is said below each screenful
---@field at integer the item that comes next
---@field inside integer lines of it that were shown
---@field shown integer lines
local Page = {}
Page.__index = Page

---@class view.Later lines that are made when they are needed
---@field count integer
---@field make fun(): string[]

---@param width integer
---@param is_colored boolean
---@return view.Page
function M.new(width, is_colored)
  return setmetatable({ items = {}, lines = 0, width = width, is_colored = is_colored,
    how = "_[1] shows all of a row", headings = 0, at = 1, inside = 0, shown = 0 }, Page)
end

---@param line string
function Page:add(line)
  self.items[#self.items + 1] = line
  self.lines = self.lines + 1
end

---@param count integer
---@param make fun(): string[]
function Page:add_later(count, make)
  self.items[#self.items + 1] = { count = count, make = make }
  self.lines = self.lines + count
end

---@param style string
---@param text string fit for a terminal
---@return string
function Page:paint(style, text)
  return self.is_colored and color.styled(style, text) or text
end

---@return string[]
local function lines_of(item)
  if type(item) == "string" then return { item } end
  item.lines = item.lines or item.make()
  return item.lines
end

local function take(self, most, into)
  while most > 0 and self.items[self.at] do
    local lines = lines_of(self.items[self.at])
    local count = math.min(most, #lines - self.inside)
    table.move(lines, self.inside + 1, self.inside + count, #into + 1, into)
    self.inside, most, self.shown = self.inside + count, most - count, self.shown + count
    if self.inside == #lines then
      self.items[self.at] = false
      self.at, self.inside = self.at + 1, 0
    end
  end
end

local function rest_text(self)
  local what, first = "lines", self.shown
  local total = self.lines
  if self.rows then
    what, first, total = "rows", self.shown - self.headings, self.rows
  end
  return ("-- %s of %s %s; :more shows the next, :all the rest"):format(number.text(first),
    number.text(total), what)
end

---@return boolean
function Page:has_more()
  return self.shown < self.lines
end

---The next lines.
---@param most? integer lines of the screen; all that is left unless told
---@return string text ends in a newline; "" when there is nothing
function Page:next(most)
  local lines, below = {}, (self.foot and 1 or 0)
  local left = self.lines - self.shown
  if not most or left + below <= most then
    take(self, left, lines)
  else
    take(self, math.max(most - below - 1, 1), lines)
  end
  if #lines == 0 then return "" end
  if self.foot then lines[#lines + 1] = self:paint("note", self.foot) end
  if self:has_more() then lines[#lines + 1] = self:paint("note", rest_text(self)) end
  return table.concat(lines, "\n") .. "\n"
end

return M
