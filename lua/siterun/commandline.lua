-- Reads the words after a command: options, and what remains.
local errors = require "siterun.errors"
local file = require "c.file"
local nearest = require "siterun.nearest"

local M = {}

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

local function value_of(word, name, inline, args, i)
  if inline then return inline, i end
  if args[i + 1] == nil then M.refuse("option %s needs a value", word) end
  return args[i + 1], i + 1, name
end

local function take(spec, args, i, options)
  local word = args[i]
  local name, inline = word:match "^%-%-([%w-]+)=(.*)$"
  name = name or word:match "^%-%-([%w-]+)$"
  if not name or not spec[name] then
    M.refuse("unknown option %s%s", word, nearest.hint(name or word, nearest.keys(spec)))
  end
  if spec[name] == "flag" then
    if inline then M.refuse("option --%s takes no value", name) end
    options[name] = true
    return i
  end
  options[name], i = value_of(word, name, inline, args, i)
  return i
end

---@param args string[]
---@param spec table<string, "flag"|"text"> by name, without dashes
---@return table<string, string|true> options
---@return string[] rest
function M.parse(args, spec)
  local options, rest, i = {}, {}, 1
  while i <= #args do
    if args[i]:sub(1, 1) == "-" and #args[i] > 1 then
      i = take(spec, args, i, options)
    else
      rest[#rest + 1] = args[i]
    end
    i = i + 1
  end
  return options, rest
end

return M
