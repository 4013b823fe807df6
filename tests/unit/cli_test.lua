local t = require("tests.t")

local function file(name, text)
  return t.write(t.scratch .. "/" .. name, text)
end

local show = file("show.lua", 'print(arg[0], arg[-1], #arg, ...)')
local broken = file("broken.lua", "local x =\nend\n")

---Each case: the arguments, and what must come of them; `err` is a pattern.
local cases = {
  { "-e runs code", { "-e", "print(1)" }, out = "1\n" },
  { "-e in one word", { "-eprint(2)" }, out = "2\n" },
  { "-e with an empty text", { "-e", "" }, out = "" },
  { "several -e in order", { "-e", "x = 1", "-e", "print(x)" }, out = "1\n" },
  { "-e gets no arguments", { "-e", "print(select('#', ...))" }, out = "0\n" },
  { "-l makes a global", { "-l", "string", "-e", "print(string.rep('a', 3))" }, out = "aaa\n" },
  { "-l NAME=MODULE", { "-l", "s=string", "-e", "print(s == string)" }, out = "true\n" },
  { "-l before -e, as given", { "-e", "print(s)", "-ls=string" }, out = "nil\n" },
  { "-l of nothing", { "-l", "no.such" }, code = 1, err = "^siterun: module 'no.such' not found" },
  { "a file with arguments", { show, "a", "b" }, out = "^/.*/show.lua\t/.*siterun\t2\ta\tb\n$" },
  { "options before the file are below 0", { "--quiet", show }, out = "\t%-%-quiet\t0\n$" },
  { "options after the file are its own", { show, "--nonsense" }, out = "\t1\t%-%-nonsense\n$" },
  { "-- ends the options", { "--", show, "x" }, out = "\t%-%-\t1\tx\n$" },
  { "-e then a file", { "-e", "print('first')", show }, out = "^first\n/.*show.lua" },
  { "stdin without a file", {}, stdin = "print(arg[0] ~= nil, ...)", out = "true\n" },
  { "- is stdin", { "-", "a" }, stdin = "#!shebang\nprint(arg[0], ...)", out = "-\ta\n" },
  { "-i without a terminal has no prompt", { "-i" }, stdin = "1+1\nx=\n3\nx\n", out = "2\n3\n" },
  { "-i goes on after an error", { "-i" }, stdin = "error'a'\n)\n7\n", out = "7\n",
    err = "stdin:1: a\n.*unexpected symbol near '%)'" },
  { "-i: os.exit closes the guards of what was typed", { "-i" }, code = 3, out = "closed\n", err = "^$",
    stdin = "do local g <close> = setmetatable({}, { __close = function() print 'closed' end }) os.exit(3) end\n" },
  { "-i after a script", { "-i", "-e", "x = 4" }, stdin = "x\n", out = "4\n" },
  { "-v", { "-v" }, out = "^siterun %d+%.%d+%.%d+\nLua 5.4.*curl.*SQLite" },
  { "--version", { "--version" }, out = "^siterun %d" },
  { "-h", { "-h" }, out = "^usage: siterun.*%-%-deadline DUR.*completion" },
  { "--help", { "--help" }, out = "^usage:" },
  { "--color=never", { "--color=never", "-e", "print(1)" }, out = "1\n" },
  { "--color with a wrong value", { "--color", "red" }, code = 2, err = "auto, always or never, not 'red'" },
  { "--color without a value", { "--color" }, code = 2, err = "option '%-%-color' needs WHEN" },
  { "-e without code", { "-e" }, code = 2, err = "option '%-e' needs CODE" },
  { "-l without a module", { "-l" }, code = 2, err = "option '%-l' needs MODULE" },
  { "-e followed by an option", { "-e", "--quiet" }, code = 2, err = "option '%-e' needs CODE" },
  { "--config without a file", { "--config" }, code = 2, err = "option '%-%-config' needs FILE" },
  { "--config=", { "--config=" }, code = 2, err = "option '%-%-config' needs FILE" },
  { "--profile without a name", { "--profile" }, code = 2, err = "'%-%-profile' needs NAME" },
  { "--deadline without a duration", { "--deadline" }, code = 2, err = "needs DUR" },
  { "a flag with a value", { "--quiet=1" }, code = 2, err = "option '%-%-quiet' takes no value" },
  { "an unknown option", { "--sandbxo" }, code = 2,
    err = "^siterun: unknown option '%-%-sandbxo' %(did you mean '%-%-sandbox'%?%)\n$" },
  { "an unknown option near none", { "--wobble" }, code = 2, err = "unknown option '%-%-wobble' %(see" },
  { "an unknown letter", { "-x" }, code = 2, err = "unknown option '%-x'" },
  { "letters are not joined", { "-iv" }, code = 2, err = "unknown option '%-iv'" },
  { "a missing file", { "/no/such.lua" }, code = 2,
    err = "^siterun: cannot open /no/such.lua: No such file or directory\n$" },
  { "a mistyped command", { "sandbx" }, code = 2,
    err = "^siterun: cannot open sandbx: No such file or directory %(did you mean the command 'sandbox'%?%)\n$" },
  { "a file that is no text", { t.write(t.scratch .. "/binary.lua", "\27Lua") }, code = 1, err = "^siterun: /.*binary.lua: attempt to load a binary" },
  { "--help behind an option of the sandbox", { "sandbox", "--port", "0", "--help" }, code = 0, out = "^usage: siterun sandbox" },
  { "--help behind an option of plan", { "plan", "-o", "x", "-h" }, code = 0, out = "^usage: siterun plan" },
  { "a word that is no command", { "help" }, code = 2,
    err = "^siterun: cannot open help: No such file or directory %(siterun %-%-help lists the commands%)\n$" },
  { "no name", { "" }, code = 2, err = "^siterun: cannot open : No such file or directory %(siterun %-%-help" },
  { "escapes in an error", { "-e", "error('a\\27[31mb\\nc', 0)" }, code = 1, err = "^siterun: a\\x1b%[31mb\nc\n" },
  { "a misspelt module", { "-l", "ticketng" }, code = 1, err = "no embedded module %(did you mean 'ticketing'%?%)\n" },
  { "escapes in an option", { "--\27[31m" }, code = 2, err = "^siterun: unknown option '%-%-\\x1b%[31m' " },
  { "escapes in a file's name", { "\27[31m.lua" }, code = 2, err = "^siterun: cannot open \\x1b%[31m.lua: " },
  { "the end of options", { "examples", "--", "--list" }, code = 2, err = 'there is no example "%-%-list"' },
  { "a word too many", { "journal", "runs", "all" }, code = 2, err = 'journal runs takes no "all"' },
  { "an option of the sandbox", { "sandbox", "--ticket" }, code = 2,
    err = 'no option %-%-ticket %(did you mean "tickets"%?%): see siterun sandbox %-%-help\n$' },
  { "a folder", { "/tmp" }, code = 2, err = "^siterun: cannot read /tmp: Is a directory\n$" },
  { "a syntax error", { broken }, code = 1, err = "^siterun: /.*broken.lua:2: unexpected symbol near 'end'\n$" },
  { "a syntax error in -e", { "-e", "x=" }, code = 1, err = "^siterun: %(command line%):1: [^\n]*<eof>\n$" },
  { "bytecode is no recipe", { "-e", "\27Lua" }, code = 1, err = "attempt to load a binary chunk" },
  { "os.exit with a number", { "-e", "os.exit(9)" }, code = 9 },
  { "os.exit(true)", { "-e", "os.exit(true)" }, code = 0 },
  { "os.exit closes the state",
    { "-e", "g = setmetatable({}, {__gc = function() print('closed') end}) os.exit()" }, out = "closed\n" },
  { "LUA_INIT is nothing to us", { "-e", "print(1)" }, env = { LUA_INIT = "print(0)", LUA_INIT_5_4 = "print(0)" },
    out = "1\n" },
  { "no relative search path", { "-e", "print((package.path .. ';' .. package.cpath):find('%f[^;]%.'))" },
    env = { LUA_PATH = "./?.lua;;" }, out = "nil\n" },
  { "a full disk", { "-e", "io.stdout:setvbuf('no') print(1)" }, to = "/dev/full", code = 1,
    err = "cannot write the output: No space left on device" },
}

---Exact, or a pattern if it looks like one.
local function check(text, want)
  if want:find("[%^%%$]") then
    t.match(text, want)
  else
    t.equal(text, want)
  end
end

for _, case in ipairs(cases) do
  t.test(case[1], function()
    local run = t.siterun({ args = case[2], stdin = case.stdin, env = case.env, to = case.to })
    t.match(run.stderr, case.err or "^$")
    check(run.stdout, case.out or "")
    t.equal(run.code, case.code or 0)
  end)
end

for text, seconds in pairs({
  ["90s"] = 90.0, ["10m"] = 600.0, ["1h"] = 3600.0, ["500ms"] = 0.5, ["1.5s"] = 1.5, ["1h30m"] = 5400.0, ["2"] = 2.0,
}) do
  t.test("--deadline " .. text, function()
    local run = t.siterun({
      args = { "--deadline", text, "-e", "print(require('siterun.settings').deadline)" },
    })
    t.equal(run, { code = 0, stdout = tostring(seconds) .. "\n", stderr = "" })
  end)
end

for _, text in ipairs({ "soon", "10x", "=", "0", "0s", "s", "1e3s", "inf", "nan", "9999999999d", "10 m", "1h2" }) do
  t.test("--deadline " .. text .. " is refused", function()
    local run = t.siterun({ args = { "--deadline=" .. text, "-e", "print(1)" } })
    t.equal(run.code, 2)
    t.match(run.stderr, "^siterun: %-%-deadline: '.*' is no duration")
  end)
end

t.test("a wait that would pass the deadline ends the run with 6", function()
  local run = t.siterun({
    args = { "--deadline", "50ms", "-e", "local task = require('task') task.sleep(1000)" },
  })
  t.equal(run.code, 6)
  t.match(run.stderr, "^siterun: %(command line%):1: .*deadline")
end)

t.test("every option reaches the settings", function()
  local code = [[
    local s = require("siterun.settings")
    for _, name in ipairs { "profile", "config", "sandbox", "dry_run", "trace", "quiet", "color" } do
      print(name, s[name])
    end]]
  local args = { "--profile", "p", "--config=c.lua", "--dry-run", "--trace", "--quiet", "--color", "always" }
  table.move({ "-e", code }, 1, 2, #args + 1, args)
  local run = t.siterun({ args = args })
  t.equal(run.stderr, "")
  t.equal(run.stdout, "profile\tp\nconfig\tc.lua\nsandbox\tfalse\ndry_run\ttrue\ntrace\ttrue\nquiet\ttrue\n"
    .. "color\talways\n")
end)

t.test("a word that names a command is that command; ./word is a file", function()
  local run = t.siterun({ args = { "completion" } })
  t.equal({ run.code, run.stdout }, { 2, "" })
  t.match(run.stderr, "needs a shell")
  file("completion", "print('a file')")
  run = t.siterun({ args = { "./completion" }, dir = t.scratch })
  t.equal(run, { code = 0, stdout = "a file\n", stderr = "" })
end)

t.test("a script finds modules beside it, wherever it is called from", function()
  os.execute("mkdir -p " .. t.quote(t.scratch .. "/beside"))
  file("beside/lib.lua", "return { name = ... }")
  file("beside/json.lua", "error('shadows the embedded one')")
  local main = file("beside/main.lua", 'print(require("lib").name)')
  t.equal(t.siterun({ args = { main }, dir = "/" }).stdout, "lib\n")
  t.equal(t.siterun({ args = { "main.lua" }, dir = t.scratch .. "/beside" }).stdout, "lib\n")
  local run = t.siterun({ args = { "-e", 'require("lib")' }, dir = t.scratch .. "/beside" })
  t.match(run.stderr, "module 'lib' not found")
end)

t.test("a script may start with #!", function()
  local path = file("shebang", "#!/usr/bin/env siterun\nprint(...)\nerror('x')\n")
  local run = t.siterun({ args = { path, "1" } })
  t.equal(run.stdout, "1\n")
  t.match(run.stderr, "shebang:3: x\n")
end)

t.test("SSLKEYLOGFILE is taken away", function()
  local run = t.siterun({ args = { "-e", "print(os.getenv('SSLKEYLOGFILE'))" }, env = { SSLKEYLOGFILE = "/x" } })
  t.equal(run.stdout, "nil\n")
end)

t.test("a reader that goes away ends the run quietly", function()
  local code = t.quote("for i = 1, math.huge do print(i) end")
  local base = t.scratch .. "/pipe"
  local form = "(timeout 20 %s -e %s 2>%s.err; echo $? >%s.code) | head -n 1 >%s.out"
  os.execute(form:format(t.program, code, base, base, base))
  t.equal(t.read(base .. ".out"), "1\n")
  t.equal(t.read(base .. ".err"), "")
  t.equal(t.read(base .. ".code"), "141\n", "128 and SIGPIPE, as for other tools")
end)

t.test("a stream that is closed is no other file's", function()
  local code = t.quote("print(io.read('a') == '', io.open('/dev/null') ~= nil)")
  local base = t.scratch .. "/closed"
  local function run(streams)
    local _, _, status = os.execute(("timeout 20 %s -e %s %s"):format(t.program, code, streams))
    return status
  end
  t.equal(run(("<&- >%s.out 2>%s.err"):format(base, base)), 0)
  t.equal({ t.read(base .. ".out"), t.read(base .. ".err") }, { "true\ttrue\n", "" })
  t.equal(run((">&- 2>%s.err"):format(base)), 1)
  t.match(t.read(base .. ".err"), "^siterun: cannot write the output: Bad file descriptor\n$")
  t.equal(run("<&- >&- 2>&-"), 1)
end)

t.test("modules can be read from a folder", function()
  os.execute("mkdir -p " .. t.quote(t.scratch .. "/dev") .. " && cp -r lua " .. t.quote(t.scratch .. "/dev/"))
  file("dev/lua/fresh.lua", "error('from the disk')")
  local run = t.siterun({ args = { "-l", "fresh" }, env = { SITERUN_LUA = t.scratch .. "/dev" } })
  t.match(run.stderr, "^siterun: %[siterun%]/fresh.lua:1: from the disk")
end)

t.test("--help marks the commands that end with 2 because they are not there yet", function()
  local help = t.siterun { args = { "--help" } }.stdout
  t.match(help, "\n  sandbox [^\n]+ them\n")
  for name, text in help:match("\ncommands:\n(.-)\n\n"):gmatch("  (%a+) +([^\n]+)") do
    local done = name ~= "sandbox" and t.siterun { args = { name } }
    local missing = done and done.stderr:find("has no command", 1, true) ~= nil
    t.equal(text:find("(not in this version)", 1, true) ~= nil, missing, name)
  end
end)

t.test("--deadline ends a script that catches each error", function()
  local code = "while true do pcall(function() while true do end end) end"
  local result = t.siterun { args = { "--deadline", "0.2s", "-e", code } }
  t.equal(result.code, 6)
  t.match(result.stderr, "it was ended")
end)

t.test("--deadline ends what computes, in coroutines too", function()
  for _, code in ipairs { "while true do end", "coroutine.wrap(function() while true do end end)()" } do
    local result = t.siterun { args = { "--deadline", "100ms", "-e", code } }
    t.equal(result.code, 6)
    t.match(result.stderr, "beyond its deadline")
  end
end)
