-- Every command and option of the tables, with nobody at a terminal: no escape byte, no question, no hang;
-- data on standard output, all else on standard error.
local commands = require "siterun.commands"
local json = require "json"
local peer = require "tests.peer"
local t = require "tests.t"

local place = t.scratch .. "/streams"
os.execute("rm -rf " .. place .. " && mkdir -p -m 700 " .. place .. "/state " .. place .. "/new")
local recipe = t.write(place .. "/recipe.lua", "print(1)")
local config = t.write(place .. "/config.lua", "return { default = {} }")
local listener = peer.listen({}, { { ["on"] = "POST /tags", times = 0, cut = { at = "request", how = "reset" } } })
local PORT = tostring(listener.port)

local ENV = { SITERUN_STATE = place .. "/state", SITERUN_CONFIG = config, TICKETING_URL = listener.url,
  TICKETING_KEY = "hidden-key" }

---What options are given where the table does not list words, by name or letter.
local SAMPLES = {
  e = "x = 1", l = "json", o = place .. "/a.plan", config = config, profile = "default", deadline = "20s", seed = "2", tickets = "3",
  limit = "ticketing=1/1s", session = "1h", expires = "nested iso", fault = "ticketing GET /tags 503 1",
  service = "ticketing", operation = "request", run = "none", once = "key", ticket = "7", since = "1h", ["until"] = "1h", older = "400d",
  ["min-age"] = "1ms", from = "alarm", port = PORT,
}

---What follows the options, by command; the sandbox finds its port taken.
local WORDS = {
  sandbox = { { "--port", PORT } }, doctor = { {} }, limits = { {} }, journal = { {}, { "show", "1" }, { "runs" }, { "prune" } },
  resume = { {}, { "none" } }, reconcile = { {}, { "1" } }, plan = { { recipe } }, apply = { { "none.plan" } },
  examples = { {}, { "alarm" } }, new = { { "visits" } }, completion = { { "bash" }, { "zsh" }, { "fish" } },
}

local function words_of(option)
  local word = option.name and "--" .. option.name or "-" .. option.letter
  if not option.argument then return { word } end
  local key = option.name or option.letter
  local sample = option.words and option.words:match "^[^<%s]%S*" or SAMPLES[key]
  return { word, assert(sample, "a sample for " .. word) }
end

local function joined(...)
  local out = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #out + 1, out) end
  return out
end

---Each of the options, and each pair of them (under the sanitizers, which are slow, neighbours only).
local function choices(options)
  local list = { {} }
  for i, option in ipairs(options) do
    list[#list + 1] = words_of(option)
    for j = i + 1, t.sanitized and math.min(i + 1, #options) or #options do list[#list + 1] = joined(words_of(option), words_of(options[j])) end
  end
  return list
end

local quoted = t.quote

---@param line string[] the arguments
---@param streams string redirections
local function run(line, streams)
  local parts, out, err = { "cd " .. place .. "/new && env" }, place .. "/out", place .. "/err"
  for name, value in pairs(ENV) do parts[#parts + 1] = name .. "=" .. quoted(value) end
  parts[#parts + 1] = "timeout 20 " .. quoted(os.getenv "SITERUN" or os.getenv "PWD" .. "/siterun")
  for _, word in ipairs(line) do parts[#parts + 1] = quoted(word) end
  t.write(out, "")
  local _, _, code = os.execute(("{ %s; } %s"):format(table.concat(parts, " "), streams:gsub("OUT", out):gsub("ERR", err)))
  return { code = code, out = t.read(out), err = t.read(err) }
end

local function is_json(line)
  local text = " " .. table.concat(line, " ") .. " "
  return text:find(" --json ", 1, true) and not text:find " %-%-?he?l?p? "
end

local function check(line, streams)
  local done = run(line, streams .. " >OUT 2>ERR")
  local said = table.concat(line, " ") .. ": " .. done.out .. done.err
  t.truthy(done.code <= 7, "a code of ours: " .. done.code .. " " .. said)
  t.equal((done.out .. done.err):find "[\27\r\b\7]", nil, said)
  t.equal((done.out .. done.err):find("hidden", 1, true), nil, said)
  t.truthy(done.out == "" or done.out:find "\n$", "no question: " .. said)
  t.truthy(done.err == "" or done.err:find "\n$", "no question: " .. said)
  t.equal(("\n" .. done.out):find "\nsiterun: ", nil, said)
  if done.code == 2 then t.equal({ done.out, done.err ~= "" }, { "", true }, said) end
  if is_json(line) and done.code ~= 2 then
    for text in done.out:gmatch "[^\n]+" do json.decode(text) end
  end
  os.execute("rm -rf " .. place .. "/new/* " .. place .. "/new/.[a-z]*")
end

t.test("a write of unknown outcome, for the commands that tell of it", function()
  run({ "-e", 'pcall(function() require("ticketing").connect():request { method = "POST", path = "tags", json = {} } end)' },
    "</dev/null >OUT 2>ERR")
  t.match(run({ "journal" }, "</dev/null >OUT 2>ERR").out, "UNKNOWN")
end)

for _, command in ipairs(commands.list()) do
  t.test("siterun " .. command.name .. " with each option", function()
    local words = assert(WORDS[command.name], "samples for the new command")
    for i, options in ipairs(choices(commands.options_of(command))) do
      local line = joined({ command.name }, options, words[1])
      check(line, i % 2 == 0 and "<&-" or "</dev/null")
    end
    for _, more in ipairs(words) do
      check(joined({ command.name }, more), "<&-")
      check(joined({ command.name }, more, { "--nonsense" }), "</dev/null")
      check(joined({ command.name }, more, { "one", "more" }), "<&-")
    end
  end)
end

t.test("siterun with each option, before code, a file and commands", function()
  local ends = { { "-e", "print(1)" }, { recipe }, { "limits" }, {} }
  for i, options in ipairs(choices(commands.options())) do
    check(joined(options, ends[i % #ends + 1]), i % 3 == 0 and "<&-" or "</dev/null")
  end
  for _, last in ipairs(ends) do
    for _, option in ipairs(commands.options()) do check(joined(words_of(option), last), "<&-") end
  end
end)

t.test("a recipe may be called anything, and steers no terminal", function()
  local odd = t.write(place .. "/odd\27[31m.lua", "require('journal').note('x') if arg[1] then os.execute('kill -9 $PPID') end")
  for _ = 1, 2 do t.siterun { args = { odd, "die" }, env = ENV } end
  for _, line in ipairs { { "journal" }, { "journal", "runs" }, { "resume" }, { "doctor" }, { "plan", odd, "-o", place .. "/odd\27.plan" } } do
    local told = t.siterun { args = line, env = ENV }
    t.equal((told.stdout .. told.stderr):find("\27", 1, true), nil, table.concat(line, " "))
  end
end)

---Commands that print something, whatever the state is.
local PRINTING = { { "--help" }, { "--version" }, { "doctor" }, { "limits" }, { "journal" }, { "journal", "runs" }, { "reconcile" },
  { "examples" }, { "new", "visits" }, { "completion", "bash" }, { "plan", recipe, "-o", place .. "/b.plan" }, { "sandbox" },
  { "-e", "print(1)" }, { "doctor", "--json" }, { "resume", "--help" } }

for _, line in ipairs(PRINTING) do
  t.test("siterun " .. table.concat(line, " ") .. " tells that its output was lost", function()
    for streams, why in pairs { [">/dev/full 2>ERR"] = "No space left", [">&- 2>ERR"] = "Bad file descriptor" } do
      local done = run(line, "</dev/null " .. streams)
      os.execute("rm -rf " .. place .. "/new/*")
      t.truthy(done.code ~= 0 and done.code ~= 124, done.code .. done.err)
      t.match(done.err, "cannot write the output: " .. why)
    end
  end)
end

t.test("nobody who reads on is no failure to tell of", function()
  local done = run({ "completion", "bash" }, "</dev/null 2>ERR | true")
  t.equal(done.err, "")
end)

t.test("the sandbox serves without a terminal", function()
  local line = "exec <&-; %s sandbox >%s/out 2>%s/err & until grep -q ready %s/out; do sleep 0.05; done; kill $!; wait $! 2>/dev/null"
  local program = quoted(t.program)
  os.execute(line:format(program, place, place, place))
  t.match(t.read(place .. "/out"), "^export TELEPORTE_URL='[^\n]+\n.*# ready\n$")
  t.equal(t.read(place .. "/err"), "")
end)
