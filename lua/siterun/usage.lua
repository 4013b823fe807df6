---What a command's `--help` prints, made of its spec (see siterun.commandline).
local columns = require("siterun.columns")
local commands = require("siterun.commands")

local M = {}

-- Columns of a line.
local WIDTH = 90

---How an option is written: "-o, --output FILE".
---@param option siterun.Option
---@return string
function M.option(option)
  local name = table.concat(commands.words(option), ", ")
  return option.argument and name .. " " .. option.argument or name
end

---Names and what they are, in two columns.
---@param rows {[1]: string, [2]: string}[]
---@return string
function M.columns(rows)
  return table.concat(columns.rows(rows, WIDTH, 2, 3), "\n")
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

local function option_rows(spec)
  local rows = {}
  for i, option in ipairs(commands.options_of(spec)) do
    rows[i] = { M.option(option), option.text }
  end
  return rows
end

---@param spec siterun.Command
---@return string
function M.text(spec)
  local parts = { synopsis(spec), spec.text:gsub("\n$", ""), nil }
  parts[#parts + 1] = "options:\n" .. M.columns(option_rows(spec))
  parts[#parts + 1] = spec.more and spec.more:gsub("\n$", "")
  return table.concat(parts, "\n\n") .. "\n"
end

return M
