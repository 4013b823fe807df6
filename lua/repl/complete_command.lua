---What Tab offers in a line that is a command.
local commands = require("repl.commands")
local layout = require("help.layout")
local new_words = require("repl.words").new
local paths = require("repl.paths")

local M = {}

local function told(width, command)
  local out = layout.new(width)
  out:rows({ { commands.call(command), command.text } }, 0)
  return out.lines
end

local function names(text, cursor, width)
  local words = new_words(text:sub(2, cursor))
  for _, command in ipairs(commands.LIST) do
    words:add(command.name, function()
      return commands.call(command), command.text
    end)
  end
  local list, out = words:sorted(), layout.new(width)
  out:rows(words:rows(), 2)
  return { from = math.min(2, cursor + 1), words = cursor > 0 and list or {},
    signatures = out.lines }
end

---The text behind the command's name is Lua: as if it stood alone.
local function code(text, cursor, first, width, find)
  local found = find(text:sub(first), cursor - first + 1, width)
  found.from = found.from + first - 1
  return found
end

---@param text string
---@param cursor integer
---@param width integer
---@param find fun(text: string, cursor: integer, width: integer): repl.Completion for Lua
---@return repl.Completion
function M.find(text, cursor, width, find)
  local name, first = text:sub(1, cursor):match("^:(%a%w*)!?%s+()")
  if not name then
    return names(text, cursor, width)
  end
  local command = commands.find(name)
  if command and command.takes_code then
    return code(text, cursor, first, width, find)
  end
  local words = new_words(text:sub(first, cursor))
  for _, word in ipairs(command and command.words and command.words() or {}) do
    words:add(word)
  end
  if command and command.takes_file then
    paths.add(words)
  end
  return { from = first, words = words:sorted(),
    signatures = command and told(width, command) or {} }
end

return M
