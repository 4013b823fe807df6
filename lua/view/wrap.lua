-- Text in lines of a width.
local display = require "c.display"

local M = {}

---How much of the text goes on the first line, and where the next one begins.
local function cut(text, width)
  local fits = display.fitting(text, width)
  if fits >= #text then return #text, #text + 1 end
  local blank = text:sub(1, fits + 1):match("^.*()[ \t]")
  if blank and blank > fits // 2 then return blank - 1, blank + 1 end
  if fits == 0 then return 1, 2 end
  return fits, fits + 1
end

---Lines that fit, broken at blanks where there are some; made fit for a terminal.
---@param text string
---@param width integer
---@return string[]
function M.lines(text, width)
  local lines = {}
  for line in (text:gsub("\r\n", "\n"):gsub("\n$", "") .. "\n"):gmatch("(.-)\n") do
    repeat
      local last, next_start = cut(line, width)
      lines[#lines + 1] = display.clean(line:sub(1, last))
      line = line:sub(next_start)
    until line == ""
  end
  return lines
end

return M
