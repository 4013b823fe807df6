-- Commands as data: what follows their name, from which their reading, their --help, the
-- completion and the manual are made.
local errors = require "siterun.errors"
local file = require "c.file"
local nearest = require "siterun.nearest"

local M = {}

---@class siterun.Option
---@field name? string without dashes
---@field letter? string
---@field argument? string what its value is called; without it the option takes none
---@field text string
---@field words? string what the value may be: words, or one of <file>, <run>, <interrupted>,
---<profile>, <example>, <module>; anything unless told
---@field hidden? boolean for other programs, not told

---@class siterun.Command
---@field name string
---@field forms {[1]: string, [2]: string?}[] what follows the name, and what that does
---@field text string
---@field options siterun.Option[]
---@field more? string what stands below the options
---@field words? string what the first word may be, as of options
---@field runs_script? boolean it gives a function too, which starts a script; -l and -e are for that
---@field run fun(args: string[]): integer, function? gives the exit code

---@param form string
function M.refuse(form, ...)
  errors.raise { kind = "usage", message = string.format(form, ...) }
end

---Makes the folder of an earlier run the current one, where it had one.
---@param folder? string
function M.enter(folder)
  if not folder then return end
  local entered, failure = file.enter(folder)
  if not entered then M.refuse("%s", failure.message) end
end

---What every command has besides its own options.
---@type siterun.Option
M.HELP = { name = "help", letter = "h", text = "print this text" }

-- By "--name" and "-letter".
local function index(options)
  local by_word = { ["--help"] = M.HELP, ["-h"] = M.HELP }
  for _, option in ipairs(options) do
    if option.name then by_word["--" .. option.name] = option end
    if option.letter then by_word["-" .. option.letter] = option end
  end
  return by_word
end

local function unknown(word, by_word)
  local names = {}
  for _, known in ipairs(nearest.keys(by_word)) do
    names[#names + 1] = known:match "^%-%-(.*)"
  end
  local name = word:gsub("^%-+", "")
  M.refuse("unknown option %s%s", word, nearest.hint(name, names))
end

local function take(by_word, args, i, options)
  local word, inline = args[i]:match "^(%-%-[^=]*)=(.*)$"
  word = word or args[i]
  local option = by_word[word] or unknown(word, by_word)
  local key = option.name or option.letter
  if not option.argument then
    if inline then M.refuse("option %s takes no value", word) end
    options[key] = true
    return i
  end
  options[key] = inline or args[i + 1] or M.refuse("option %s needs a value", word)
  return inline and i or i + 1
end

---@param args string[]
---@param known siterun.Option[]
---@return table<string, string|true> options by name; `help` among them
---@return string[] rest
function M.parse(args, known)
  local options, rest, i = {}, {}, 1
  local by_word = index(known)
  while i <= #args do
    if args[i] == "--" then
      table.move(args, i + 1, #args, #rest + 1, rest)
      break
    elseif args[i]:sub(1, 1) == "-" and #args[i] > 1 then
      i = take(by_word, args, i, options)
    else
      rest[#rest + 1] = args[i]
    end
    i = i + 1
  end
  return options, rest
end

---The options of these names.
---@param known siterun.Option[]
---@param names string parted by blanks
---@return siterun.Option[]
function M.only(known, names)
  local chosen = {}
  for _, option in ipairs(known) do
    if (" " .. names .. " "):find(" " .. option.name .. " ", 1, true) then
      chosen[#chosen + 1] = option
    end
  end
  return chosen
end

---Completes a spec with what runs it.
---@param spec table the fields of siterun.Command but `run`
---@param run fun(options: table, rest: any, ...): integer, function? given what `parse` gives
---@param parse? fun(args: string[]): table, ... instead of the reading by the spec's options
---@return siterun.Command
function M.command(spec, run, parse)
  parse = parse or function(args) return M.parse(args, spec.options) end
  function spec.run(args)
    local is_asked = args[1] == "--help" or args[1] == "-h"
    local parsed = is_asked and { { help = true } } or table.pack(parse(args))
    if parsed[1].help then
      io.stdout:write(require("siterun.usage").text(spec))
      return 0
    end
    return run(table.unpack(parsed, 1, parsed.n))
  end
  return spec
end

return M
