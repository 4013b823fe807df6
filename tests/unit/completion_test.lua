-- The completion scripts, in the shells that they are for.
local t = require "tests.t"

local place = t.scratch .. "/shells"
os.execute("mkdir -p -m 700 " .. place .. "/state " .. place .. "/here && ln -sf \"$(realpath " .. t.program .. ")\" " .. place .. "/siterun")

local CONFIG = t.write(place .. "/config.lua", 'return { default = {}, night = {}, test = { ticketing = { key = secret.env "K" } } }')

local ENV = { SITERUN_CONFIG = CONFIG, SITERUN_STATE = place .. "/state", HOME = place, TERM = "dumb" }

local function sh(program, ...)
  local env = table.move({}, 1, 0, 1, {})
  for name, value in pairs(ENV) do env[name] = value end
  env.PATH = place .. ":" .. os.getenv "PATH"
  return t.siterun { program = "timeout", args = { "20", program, ... }, env = env, dir = place .. "/here" }
end

local scripts = {}
for _, shell in ipairs { "bash", "zsh", "fish" } do
  scripts[shell] = t.write(place .. "/siterun." .. shell, t.siterun { args = { "completion", shell } }.stdout)
  t.test(shell .. " takes the script", function()
    local run = sh(shell, "-n", scripts[shell])
    t.equal({ run.code, run.stdout, run.stderr }, { 0, "", "" })
  end)
end

---What bash offers for a line; its last word is the one being typed.
local DRIVE = [[
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_siterun
printf '%s\n' "${COMPREPLY[@]}"
]]

local function offered(text, words)
  for word in words:gmatch "%S+" do
    if not ("\n" .. text):find("\n" .. word .. "\n", 1, true) then return false end
  end
  return true
end

local function bash(...)
  local run = sh("bash", "--norc", "-c", DRIVE, "bash", scripts.bash, ...)
  t.equal({ run.code, run.stderr }, { 0, "" })
  return run.stdout
end

t.write(place .. "/here/visit.lua", "")
t.write(place .. "/here/two words.lua", "")
t.write(place .. "/broken.lua", "require('journal').note { a = 1 } os.execute('kill -9 $PPID')")
t.siterun { args = { place .. "/broken.lua" }, env = ENV }
local RUN = t.siterun { args = { "journal", "runs" }, env = ENV }.stdout:match "^%S+"

---The words, and what is offered or, with "!", not.
local LINES = {
  { { "siterun", "do" }, "doctor", "sandbox" },
  { { "siterun", "" }, "doctor sandbox resume completion visit.lua", "--help" },
  { { "siterun", "--" }, "--config --profile --sandbox --assume-fresh --help", "doctor" },
  { { "siterun", "-" }, "-e -i --quiet", "doctor" },
  { { "siterun", "--color", "" }, "auto always never", "doctor visit.lua" },
  { { "siterun", "--color", "=", "al" }, "always", "auto" },
  { { "siterun", "--color", "=" }, "auto always never", "doctor" },
  { { "siterun", "--profile", "" }, "default night test", "doctor" },
  { { "siterun", "--config", place .. "/none.lua", "--profile", "" }, "", "night" },
  { { "siterun", "--config", "vi" }, "visit.lua", "doctor" },
  { { "siterun", "--config", "doctor", "li" }, "limits", "doctor" },
  { { "siterun", "--deadline", "" }, "", "doctor visit.lua" },
  { { "siterun", "--sandbox", "--quiet", "doctor", "--" }, "--online --json --help", "--config" },
  { { "siterun", "doctor", "" }, "", "visit.lua doctor" },
  { { "siterun", "resume", "" }, RUN, "visit.lua" },
  { { "siterun", "journal", "" }, "show runs prune", "visit.lua" },
  { { "siterun", "journal", "--run", "" }, RUN, "show" },
  { { "siterun", "journal", "--outcome", "" }, "done refused not_sent unknown in_flight", "show" },
  { { "siterun", "completion", "" }, "bash zsh fish", "visit.lua --list" },
  { { "siterun", "completion", "--" }, "--help", "--list" },
  { { "siterun", "plan", "" }, "visit.lua", "doctor" },
  { { "siterun", "visit.lua", "" }, "visit.lua", "doctor" },
  { { "siterun", "-l", "tick" }, "ticketing", "teleporte" },
  { { "siterun", "-e", "1", "sand" }, "sandbox", "" },
}

for _, line in ipairs(LINES) do
  t.test("bash completes: " .. table.concat(line[1], " "), function()
    local text = bash(table.unpack(line[1]))
    t.truthy(offered(text, line[2]), line[2] .. " of " .. text)
    for word in line[3]:gmatch "%S+" do t.equal(offered(text, word), false, word) end
  end)
end

t.test("bash completes names with blanks", function()
  t.match(bash("siterun", "two"), "^two words.lua\n")
end)

t.write(place .. "/odd.lua", [[return { ["$(touch ran)"] = {}, ["`touch ran`"] = {}, ["two words"] = {}, ["a\nb"] = {}, ["\27[31m"] = {} }]])

t.test("bash takes the names of profiles as they are, and runs none", function()
  local text = bash("siterun", "--config", "../odd.lua", "--profile", "")
  t.equal(text, "\\$\\(touch\\ ran\\)\n\\`touch\\ ran\\`\ntwo\\ words\n")
  t.equal(io.open(place .. "/here/ran"), nil)
end)

t.test("bash finds the configuration file however it is named", function()
  for _, words in ipairs { { "--config", "=", "../odd.lua" }, { "--config", "'../odd.lua'" }, { "--config", "~/odd.lua" } } do
    local line = table.move(words, 1, #words, 2, { "siterun" })
    table.move({ "--profile", "tw" }, 1, 2, #line + 1, line)
    t.equal(bash(table.unpack(line)), "two\\ words\n")
  end
end)

t.test("every option and command of the program is completed", function()
  local commands = require "siterun.commands"
  for _, command in ipairs(commands.list()) do
    t.truthy(offered(bash("siterun", command.name), command.name), command.name)
    local text = bash("siterun", command.name, "-")
    for _, option in ipairs(commands.options_of(command)) do
      t.truthy(offered(text, table.concat(commands.words(option), " ")), command.name .. " " .. text)
    end
  end
end)

t.test("bash knows whom to complete", function()
  local run = sh("bash", "--norc", "-c", '. "$1"; complete -p siterun', "bash", scripts.bash)
  t.equal(run.stdout, "complete -F _siterun siterun\n")
end)

for line, words in pairs {
  ["siterun do"] = "doctor", ["siterun doctor --"] = "--online --json", ["siterun --color "] = "auto always never",
  ["siterun --profile "] = "default night test", ["siterun resume "] = RUN, ["siterun completion "] = "bash zsh fish",
  ["siterun journal --outcome "] = "unknown done",
} do
  t.test("fish completes: " .. line, function()
    local run = sh("fish", "--no-config", "-c", "source " .. scripts.fish .. "; complete -C '" .. line .. "'")
    t.equal({ run.code, run.stderr }, { 0, "" })
    t.truthy(offered(run.stdout:gsub("\t[^\n]*", ""), words), run.stdout)
  end)
end

t.test("zsh loads the script", function()
  local code = "autoload -Uz compinit && compinit -u -D && . " .. scripts.zsh .. ' && print -- $_comps[siterun] && whence -w _siterun'
  local run = sh("zsh", "-f", "-c", code)
  t.equal({ run.code, run.stdout, run.stderr }, { 0, "_siterun\n_siterun: function\n", "" })
end)

for line, found in pairs {
  ["siterun doctor --on"] = "doctor --online ", ["siterun journal --ve"] = "journal --verify ", ["siterun --qui"] = "siterun --quiet ", ["siterun --profile ni"] = "night ", ["siterun --config ../odd.lua --profile tw"] = "two\\\\ words ",
  ["siterun examples wea"] = "weather ",
} do
  t.test("zsh completes in a terminal of its own: " .. line, function()
    local code = [[
      zmodload zsh/zpty; zpty z zsh -f -i
      zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; . ]] .. scripts.zsh .. [[; print re""ady'
      zpty -r z line '*ready*'
      zpty -w -n z $']] .. line .. [[\t; exit\n'
      zpty -r z line $'*]] .. found .. [[*' && print -- found]]
    local run = sh("zsh", "-f", "-c", code)
    t.match(run.stdout, "found\n$")
  end)
end

-- What stands behind a recipe is the recipe's; the value of an option is no command.
for line, words in pairs {
  ["siterun visit.lua do"] = "", ["siterun visit.lua --c"] = "", ["siterun - --c"] = "",
  ["siterun --config doctor --pro"] = "--profile", ["siterun completion sandbox --po"] = "", ["siterun --color=never do"] = "doctor",
} do
  t.test("fish knows where it is: " .. line, function()
    local run = sh("fish", "--no-config", "-c", "source " .. scripts.fish .. "; complete -C '" .. line .. "'")
    t.equal({ run.code, run.stderr, (run.stdout:gsub("\t[^\n]*\n", "")) }, { 0, "", words })
  end)
end

t.test("fish finds the configuration file behind a sign of equality", function()
  local run = sh("fish", "--no-config", "-c", "source " .. scripts.fish .. "; complete -C 'siterun --config=../odd.lua --profile tw'")
  t.match(run.stdout, "^two words\t")
end)

t.test("lists make no state and tell nothing of what is broken", function()
  local env = { SITERUN_STATE = place .. "/none", SITERUN_CONFIG = t.write(place .. "/bad.lua", "return {") }
  for _, what in ipairs { "runs", "interrupted", "profiles", "nonsense" } do
    t.equal(t.siterun { args = { "completion", "--list", what }, env = env }, { code = 0, stdout = "", stderr = "" })
  end
  t.equal(os.execute("test -e " .. place .. "/none"), nil)
end)

t.test("wrong words are refused", function()
  for _, words in ipairs { {}, { "bas" }, { "bash", "zsh" }, { "--lst" } } do
    local run = t.siterun { args = { "completion", table.unpack(words) } }
    t.equal({ run.code, run.stdout }, { 2, "" })
  end
  t.match(t.siterun { args = { "completion", "fishh" } }.stderr, 'did you mean "fish"')
end)
