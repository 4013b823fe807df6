-- Text in columns: wrapped paragraphs, and names beside what they are. For text of our own, where a
-- byte is a column.
local M = {}

-- A longer name stands alone on its line; and what is beside names gets so many columns at least.
local NAME_MAX, TEXT_MIN = 24, 20

---Parts a text into lines between words; its own line breaks stay.
---@param text string
---@param width integer
---@return string[]
function M.wrap(text, width)
  local lines = {}
  for paragraph in (text .. "\n"):gmatch("(.-)\n") do
    local line
    for word in paragraph:gmatch("%S+") do
      if line and #line + 1 + #word > width then
        lines[#lines + 1], line = line, nil
      end
      line = line and line .. " " .. word or word
    end
    lines[#lines + 1] = line or ""
  end
  return lines
end

local function widest(rows)
  local width = 0
  for _, row in ipairs(rows) do
    if #row[1] <= NAME_MAX then width = math.max(width, #row[1]) end
  end
  return width
end

---@param rows {[1]: string, [2]: string}[] names and their texts
---@param width integer of a line
---@param indent integer
---@param gap integer blanks between name and text
---@return string[] lines
function M.rows(rows, width, indent, gap)
  local lines, column = {}, widest(rows)
  local start = indent + column + gap
  for _, row in ipairs(rows) do
    local head = (" "):rep(indent) .. row[1]
    if #row[1] > column then
      lines[#lines + 1] = head
      head = ""
    end
    for _, text in ipairs(M.wrap(row[2], math.max(width - start, TEXT_MIN))) do
      lines[#lines + 1] = (head .. (" "):rep(start - #head) .. text):match "^(.-)%s*$"
      head = ""
    end
  end
  return lines
end

return M
