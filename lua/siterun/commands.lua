-- All commands with their specs, and the options of the program itself.
local cli = require "c.cli"
local commandline = require "siterun.commandline"
local script = require "siterun.script"

local M = {}

---The options that stand before a command or a script.
---@return siterun.Option[]
M.options = cli.options

---In the order in which --help lists them.
---@return siterun.Command[] each with its line in `summary`
function M.list()
  local list = {}
  for _, command in ipairs(cli.commands()) do
    local module = "siterun.command." .. command.name
    if script.find(module) then
      local spec = require(module)
      spec.summary = command.text
      list[#list + 1] = spec
    end
  end
  return list
end

---A command's options that are told of, `--help` among them.
---@param spec siterun.Command
---@return siterun.Option[]
function M.options_of(spec)
  local list = {}
  for _, option in ipairs(spec.options) do
    list[#list + 1] = not option.hidden and option or nil
  end
  list[#list + 1] = commandline.HELP
  return list
end

---The words of an option: "--name", "-x".
---@param option siterun.Option
---@return string[]
function M.words(option)
  local words = {}
  words[#words + 1] = option.letter and "-" .. option.letter
  words[#words + 1] = option.name and "--" .. option.name
  return words
end

return M
