-- The manual page, and the tables of the command line for the README: made of what --help
-- prints, of the declarations' settings and of the list of variables.
local cli = require "c.cli"
local commands = require "siterun.commands"
local services = require "siterun.services"
local usage = require "siterun.usage"
local variables = require "siterun.variables"

local M = {}

local DESCRIPTION = [[
siterun runs short Lua recipes that work with three services side by side: Teleporte (who
may open which lock, now), Ticketing As A Service (why somebody is at the site) and TeamWork
Live (the project that the visit belongs to). It logs in, keeps to the services' limits over
all processes, reads page after page, checks what is passed before anything is sent, and
records each write.

With FILE it runs that recipe, with ARG as its arguments; - is standard input. Without FILE,
on a terminal, it is a session. A first word that names a command is that command; ./NAME
runs a file so called. Data goes to standard output, all else to standard error.]]

local FILES = {
  { "~/.config/siterun/config.lua", "the configuration: profiles with the services' settings. "
    .. "It must be readable by its owner alone when it holds a secret itself." },
  { "~/.local/state/siterun/", "the state: the journal (journal.db), what is used of the "
    .. "limits (limit-*) and sealed sessions (session-*), for the owner alone" },
  { ".siterun/types/, .luarc.json", "beside a recipe: what editors complete it by; made by "
    .. "siterun new" },
}

local EXAMPLES = {
  { "siterun --sandbox -e 'print(ticketing.connect().instance:get().name)' -l ticketing",
    "Tries a call against simulated services." },
  { "siterun new visits && siterun visits_test.lua",
    "Starts a recipe, and runs its test." },
  { "siterun --dry-run visits.lua 'Mendip Mast'", "Shows what a recipe would write." },
  { "siterun doctor --online", "Looks for what is wrong." },
  { "siterun journal --since 1d --outcome unknown; siterun reconcile --all",
    "Finds the writes of which nobody knows whether they happened, and settles them." },
}

-- A line that begins with a dot or quote would be a request.
local function escape(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("~", "\\(ti"):gsub("%^", "\\(ha")
  return (text:gsub("'", "\\(aq"):gsub("`", "\\(ga"):gsub("^%.", "\\&."):gsub("\n%.", "\n\\&."))
end

local function bold(text)
  return "\\fB" .. escape(text) .. "\\fR"
end

-- Lines that are laid out in columns stay as they are.
local function is_laid_out(paragraph)
  return paragraph:find "^  " ~= nil or paragraph:find "\n  " ~= nil
    or paragraph:find "%S   *%S+ [^\n]*\n" ~= nil and paragraph:find "\n%a+  " ~= nil
end

local function paragraphs(out, text)
  for paragraph in (text .. "\n\n"):gmatch "(.-)\n\n+" do
    local form = is_laid_out(paragraph) and ".PP\n.nf\n%s\n.fi" or ".PP\n%s"
    out[#out + 1] = form:format(escape(paragraph))
  end
end

local function item(out, head, text)
  out[#out + 1] = (".TP\n%s\n%s"):format(head, escape(text))
end

-- "-o FILE", "--config FILE": the words bold, the value slanted.
local function option_head(option)
  local words = {}
  for i, word in ipairs(commands.words(option)) do words[i] = bold(word) end
  local value = option.argument and " \\fI" .. escape(option.argument) .. "\\fR" or ""
  return table.concat(words, ", ") .. value
end

local function synopsis(out)
  out[#out + 1] = ".SH SYNOPSIS\n" .. bold "siterun"
    .. " [\\fIoptions\\fR] [\\fIFILE\\fR [\\fIARG\\fR...]]\n.br\n" .. bold "siterun"
    .. " [\\fIoptions\\fR] \\fICOMMAND\\fR [\\fIARG\\fR...]"
end

local function add_command(out, spec)
  out[#out + 1] = ".SS siterun " .. escape(spec.name)
  for _, form in ipairs(spec.forms) do
    local said = form[2] and " \\(em " .. escape(form[2]) or ""
    local words = ("siterun %s %s"):format(spec.name, form[1]):gsub(" $", "")
    out[#out + 1] = ".PP\n" .. bold(words) .. said
  end
  paragraphs(out, spec.text:gsub("\n+$", ""))
  for _, option in ipairs(commands.options_of(spec)) do
    item(out, option_head(option), option.text)
  end
  if spec.more then paragraphs(out, spec.more:gsub("\n+$", "")) end
end

local function environment(out)
  out[#out + 1] = ".SH ENVIRONMENT"
  for _, variable in ipairs(variables) do item(out, bold(variable.name), variable.text) end
  for _, service in ipairs(services.declarations()) do
    for _, setting in ipairs(service.settings) do
      local default = setting.default and (" (%s)"):format(setting.default) or ""
      if setting.env then item(out, bold(setting.env), setting.text .. default) end
    end
  end
  out[#out + 1] = ".PP\nVariables that hold a secret are taken out of the environment "
    .. "when they are read. Proxies that the environment names are not followed."
end

local function rows(out, title, list)
  out[#out + 1] = ".SH " .. title
  for _, row in ipairs(list) do item(out, bold(row[1]), row[2]) end
end

local function exits()
  local list = {}
  for i, exit in ipairs(cli.exits()) do list[i] = { tostring(exit.code), exit.text } end
  return list
end

---The manual page, for man(7).
---@param date string "2026-01-31"
---@return string
function M.page(date)
  local version = cli.versions()[1].text
  local out = { ('.TH SITERUN 1 "%s" "siterun %s" "User Commands"'):format(date, version) }
  out[#out + 1] = ".SH NAME\nsiterun \\- scriptable client for Teleporte, Ticketing As A "
    .. "Service and TeamWork Live"
  synopsis(out)
  out[#out + 1] = ".SH DESCRIPTION"
  paragraphs(out, DESCRIPTION)
  out[#out + 1] = ".SH OPTIONS"
  for _, option in ipairs(commands.options()) do item(out, option_head(option), option.text) end
  out[#out + 1] = ".SH COMMANDS"
  for _, spec in ipairs(commands.list()) do add_command(out, spec) end
  rows(out, "EXIT STATUS", exits())
  environment(out)
  rows(out, "FILES", FILES)
  rows(out, "EXAMPLES", EXAMPLES)
  out[#out + 1] = ".SH SEE ALSO\n.BR lua5.4 (1)"
  return table.concat(out, "\n"):gsub("(\n%.S[HS] [^\n]+\n)%.PP\n", "%1") .. "\n"
end

local function code(text)
  return "`" .. text:gsub("|", "\\|") .. "`"
end

local function table_of(first, second, list)
  local lines = { ("| %s | %s |"):format(first, second), "| --- | --- |" }
  for _, row in ipairs(list) do
    lines[#lines + 1] = ("| %s | %s |"):format(row[1], (row[2]:gsub("|", "\\|")))
  end
  return table.concat(lines, "\n") .. "\n"
end

---Options, commands and exit codes, as they stand in the README between its markers.
---@return string Markdown
function M.readme()
  local options, list = {}, {}
  for i, option in ipairs(commands.options()) do
    options[i] = { code(usage.option(option)), option.text }
  end
  for _, spec in ipairs(commands.list()) do
    for i, form in ipairs(spec.forms) do
      local words = ("%s %s"):format(spec.name, form[1]):gsub(" $", "")
      list[#list + 1] = { code(words), form[2] or i == 1 and spec.summary or "" }
    end
  end
  return table.concat({ table_of("option", "what", options), table_of("command", "what", list),
    table_of("exit code", "meaning", exits()) }, "\n")
end

return M
