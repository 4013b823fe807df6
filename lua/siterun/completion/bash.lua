-- The completion script of bash, which needs no package of completions.
local commands = require "siterun.commands"
local lists = require "siterun.completion.lists"

local FRAME = [=[
# bash completion of siterun; load it with: . <(siterun completion bash)

_siterun_list() {
    local program=${COMP_WORDS[0]/#\~/$HOME} i file config=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        test "${COMP_WORDS[i]}" = --config || continue
        file=${COMP_WORDS[i + 1]}
        test "$file" != = || file=${COMP_WORDS[i + 2]}
        _siterun_unquote "$file"
        config=(--config "$REPLY")
    done
    "$program" "${config[@]}" completion --list "$1" 2> /dev/null
}

# A word as it was typed, without its quotes, and without running what may be in it.
_siterun_unquote() {
    REPLY=${1/#\~/$HOME}
    REPLY=${REPLY//[\"\']/}
    REPLY=${REPLY//\\/}
}

# Names are data: compgen -W would run what $(...) in one says.
_siterun_names() {
    local name
    while IFS= read -r name; do
        printf -v name %q "$name"
        [[ $name != "$cur"* ]] || COMPREPLY+=("$name")
    done < <(_siterun_list "$1")
}

# Of what the value of an option, or a word after a command, may be.
_siterun_offer() {
    local what words=
    for what in $1; do
        case $what in
@LISTS@
        "<file>")
            compopt -o filenames 2> /dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
            ;;
        "<"*) ;;
        *) words+=" $what" ;;
        esac
    done
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
}

# $1: the command, $2: the option; fails where that takes no value.
_siterun_value() {
    case $1:$2 in
@VALUES@
    *) return 1 ;;
    esac
}

_siterun_options() {
    case $1 in
@OPTIONS@
    esac
}

_siterun_words() {
    case $1 in
@WORDS@
    *) _siterun_offer "<file>" ;;
    esac
}

_siterun() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev= command= i
    COMPREPLY=()
    test "$COMP_CWORD" -lt 1 || prev=${COMP_WORDS[COMP_CWORD - 1]}
    # bash parts --color=always into three words
    if [ "$cur" = = ]; then
        cur=
    elif [ "$prev" = = ]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        @TAKING@) test "${COMP_WORDS[i + 1]}" = = && ((i += 2)) || ((i += 1)) ;;
        -* | =) ;;
        *)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    _siterun_value "$command" "$prev" && return
    case $cur in
    -*) _siterun_offer "$(_siterun_options "$command")" ;;
    *) _siterun_words "$command" ;;
    esac
}

complete -F _siterun siterun
]=]

local function each_spec()
  local specs = commands.list()
  table.insert(specs, 1, { name = "", options = commands.options(), words = nil })
  return ipairs(specs)
end

local function options_of(spec)
  return spec.name == "" and spec.options or commands.options_of(spec)
end

local function values()
  local lines = {}
  for _, spec in each_spec() do
    for _, option in ipairs(options_of(spec)) do
      local patterns = {}
      for i, word in ipairs(commands.words(option)) do
        patterns[i] = spec.name .. ":" .. word
      end
      lines[#lines + 1] = option.argument and ('    %s) _siterun_offer "%s" ;;'):format(
        table.concat(patterns, " | "), option.words or "") or nil
    end
  end
  return table.concat(lines, "\n")
end

local function words_of(list)
  local words = {}
  for _, option in ipairs(list) do
    for _, word in ipairs(commands.words(option)) do words[#words + 1] = word end
  end
  return table.concat(words, " ")
end

local function options()
  local lines = {}
  for _, spec in each_spec() do
    local name = spec.name == "" and '""' or spec.name
    lines[#lines + 1] = ('    %s) printf "%%s" "%s" ;;'):format(name,
      words_of(options_of(spec)))
  end
  return table.concat(lines, "\n")
end

local function words()
  local names, lines = {}, {}
  for _, spec in ipairs(commands.list()) do
    names[#names + 1] = spec.name
    lines[#lines + 1] = ('    %s) _siterun_offer "%s" ;;'):format(spec.name, spec.words or "")
  end
  local first = '    "") _siterun_offer "%s <file>" ;;'
  table.insert(lines, 1, first:format(table.concat(names, " ")))
  return table.concat(lines, "\n")
end

local function taking()
  local patterns = {}
  for _, option in ipairs(commands.options()) do
    for _, word in ipairs(option.argument and commands.words(option) or {}) do
      patterns[#patterns + 1] = word
    end
  end
  return table.concat(patterns, " | ")
end

local function list_cases()
  local lines = {}
  for _, kind in ipairs(require("siterun.nearest").keys(lists.OF)) do
    lines[#lines + 1] = ('        "%s") _siterun_names %s ;;'):format(kind,
      lists.OF[kind])
  end
  return table.concat(lines, "\n")
end

---@return string script
return function()
  local parts = { LISTS = list_cases(), VALUES = values(), OPTIONS = options(), WORDS = words(),
    TAKING = taking() }
  return (FRAME:gsub("@(%u+)@", parts))
end
