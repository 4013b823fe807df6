-- The completion script of fish.
local commands = require "siterun.commands"
local lists = require "siterun.completion.lists"

local FRAME = [=[
# fish completion of siterun; load it with: siterun completion fish | source

function __siterun_list
    set -l words (commandline -opc)
    set -l config
    for at in (seq (count $words))
        switch $words[$at]
            case --config
                set config --config $words[(math $at + 1)]
            case '--config=*'
                set config $words[$at]
        end
    end
    $words[1] $config completion --list $argv[1] 2>/dev/null
end

# Is this the command? "" is none so far; the value of an option is none either.
function __siterun_is
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    set -l takes no
    for word in $words
        if test $takes = yes
            set takes no
            continue
        end
        switch $word
            case @TAKING@
                set takes yes
            case '-?*'
            case '*'
                set command $word
                break
        end
    end
    test "$command" = "$argv[1]"
end

]=]

local function quote(text)
  return "'" .. text:gsub("[\\']", "\\%0") .. "'"
end

-- How fish is told what a value or word may be.
local function offer(words)
  if words == "<file>" then return "-F" end
  local list = lists.OF[words]
  if list then return "-a " .. quote("(__siterun_list " .. list .. ")") end
  return words and not words:find "^<" and "-a " .. quote(words) or ""
end

local function option_line(condition, option)
  local parts = { "complete -c siterun -n", quote(condition) }
  parts[#parts + 1] = option.letter and "-s " .. option.letter
  parts[#parts + 1] = option.name and "-l " .. option.name
  if option.argument then
    parts[#parts + 1] = option.words == "<file>" and "-r" or "-x"
    parts[#parts + 1] = offer(option.words)
  end
  parts[#parts + 1] = "-d " .. quote(option.text)
  return (table.concat(parts, " "):gsub("  +", " "))
end

local function add_command(lines, spec)
  local condition = "__siterun_is " .. spec.name
  lines[#lines + 1] = ("complete -c siterun -n '__siterun_is \"\"' -a %s -d %s"):format(
    spec.name, quote(spec.summary))
  local words = offer(spec.words)
  if spec.words ~= "<file>" then
    lines[#lines + 1] = ("complete -c siterun -n %s -f %s"):format(quote(condition), words)
  end
  for _, option in ipairs(commands.options_of(spec)) do
    lines[#lines + 1] = option_line(condition, option)
  end
end

local function taking()
  local words = {}
  for _, option in ipairs(commands.options()) do
    for _, word in ipairs(option.argument and commands.words(option) or {}) do
      words[#words + 1] = word
    end
  end
  return table.concat(words, " ")
end

---@return string script
return function()
  local lines = {}
  for _, option in ipairs(commands.options()) do
    lines[#lines + 1] = option_line('__siterun_is ""', option)
  end
  for _, spec in ipairs(commands.list()) do add_command(lines, spec) end
  local frame = FRAME:gsub("@TAKING@", taking())
  return frame .. table.concat(lines, "\n") .. "\n"
end
