---What a command's `--help` prints, made of its spec (see siterun.commandline).
local M = {}

-- Columns: of a line, and of the left part at most; what is longer stands alone on its line.
local WIDTH, LEFT_MAX = 90, 24

---How an option is written: "-o, --output FILE".
---@param option siterun.Option
---@return string
function M.option(option)
  local long = option.name and "--" .. option.name
  local short = option.letter and "-" .. option.letter
  local name = short and long and short .. ", " .. long or short or long
  return option.argument and name .. " " .. option.argument or name
end

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
    width = #row[1] <= LEFT_MAX and math.max(width, #row[1]) or width
  end
  return width
end

---Two columns; each row is a left and a right text.
---@param rows {[1]: string, [2]: string}[]
---@return string
function M.columns(rows)
  local out, left = {}, widest(rows)
  for _, row in ipairs(rows) do
    local head = row[1]
    if #head > left then
      out[#out + 1] = "  " .. head
      head = ""
    end
    for _, line in ipairs(M.wrap(row[2], WIDTH - left - 5)) do
      out[#out + 1] = ("  %s   %s"):format(head .. (" "):rep(left - #head), line)
      head = ""
    end
  end
  return table.concat(out, "\n")
end

-- "siterun limits [--json]   what that does", the texts in one column.
local function synopsis(spec)
  local lines, width = {}, 0
  for i, form in ipairs(spec.forms) do
    lines[i] = ("siterun %s %s"):format(spec.name, form[1]):gsub(" $", "")
    width = form[2] and math.max(width, #lines[i]) or width
  end
  for i, form in ipairs(spec.forms) do
    local mark = i == 1 and "usage: " or "       "
    local gap = form[2] and (" "):rep(width - #lines[i] + 3) .. form[2] or ""
    lines[i] = mark .. lines[i] .. gap
  end
  return table.concat(lines, "\n")
end

---The rows of a command's options, `--help` among them.
---@param spec siterun.Command
---@return {[1]: string, [2]: string}[]
function M.options(spec)
  local rows = {}
  for _, option in ipairs(spec.options) do
    rows[#rows + 1] = not option.hidden and { M.option(option), option.text } or nil
  end
  rows[#rows + 1] = { "-h, --help", "print this text" }
  return rows
end

---@param spec siterun.Command
---@return string
function M.text(spec)
  local parts = { synopsis(spec), spec.text:gsub("\n$", ""), nil }
  parts[#parts + 1] = "options:\n" .. M.columns(M.options(spec))
  parts[#parts + 1] = spec.more and spec.more:gsub("\n$", "")
  return table.concat(parts, "\n\n") .. "\n"
end

return M
