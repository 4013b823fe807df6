-- The completion script of zsh.
local commands = require "siterun.commands"
local lists = require "siterun.completion.lists"

local FRAME = [=[
#compdef siterun
# zsh completion of siterun; load it with: . <(siterun completion zsh), or put it into a folder
# of $fpath as _siterun

_siterun_list() {
  # _arguments puts options of compadd in front of what the action names
  local file what=$argv[-1]
  local -a names config
  if (( $+opt_args[--config] )); then
    file=${(Q)opt_args[--config]}
    config=(--config ${file/#\~\//$HOME/})
  fi
  names=(${(f)"$(siterun $config completion --list $what 2> /dev/null)"})
  compadd "${(@)argv[1,-2]}" -a names
}

_siterun() {
  local context state line curcontext="$curcontext"
  local -a commands
  typeset -A opt_args
  commands=(
@COMMANDS@
  )
  _arguments -C -S \
@OPTIONS@ \
    '1: :->first' '*:: :->rest' && return
  case $state in
  first)
    _describe -t commands command commands
    _files
    ;;
  rest)
    case $line[1] in
@CASES@
    *) _files ;;
    esac
    ;;
  esac
}

if [[ "${funcstack[1]}" = _siterun ]]; then
  _siterun "$@"
else
  compdef _siterun siterun
fi
]=]

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function escape(text)
  return (text:gsub("[%[%]:]", "\\%0"))
end

-- What zsh does for a value of this kind.
local function action(words)
  if not words then return " " end
  if words == "<file>" then return "_files" end
  if lists.OF[words] then return "_siterun_list " .. lists.OF[words] end
  return words:find "^<" and " " or "(" .. words .. ")"
end

local function add_option(rows, option)
  for _, word in ipairs(commands.words(option)) do
    local join = option.argument and (word:find "^%-%-" and "=" or "+") or ""
    local value = option.argument
      and (":%s:%s"):format(escape(option.argument), action(option.words)) or ""
    rows[#rows + 1] = quote(("*%s%s[%s]%s"):format(word, join, escape(option.text), value))
  end
end

local function rows_of(options, indent)
  local rows = {}
  for _, option in ipairs(options) do add_option(rows, option) end
  return indent .. table.concat(rows, " \\\n" .. indent)
end

local function cases()
  local lines = {}
  for _, spec in ipairs(commands.list()) do
    -- A message that there is nothing to offer would keep zsh from inserting an option.
    local rest = spec.words and " \\\n        " .. quote("*:word:" .. action(spec.words)) or ""
    local form = "    %s)\n      _arguments \\\n%s%s\n      ;;"
    lines[#lines + 1] = form:format(spec.name,
      rows_of(commands.options_of(spec), "        "), rest)
  end
  return table.concat(lines, "\n")
end

local function names()
  local lines = {}
  for i, spec in ipairs(commands.list()) do
    lines[i] = "    " .. quote(spec.name .. ":" .. escape(spec.summary))
  end
  return table.concat(lines, "\n")
end

---@return string script
return function()
  local parts = { COMMANDS = names(), OPTIONS = rows_of(commands.options(), "    "),
    CASES = cases() }
  return (FRAME:gsub("@(%u+)@", parts))
end
