-- When colours are written.
local t = require "tests.t"
local terminal = require "tests.terminal"

local CODE = 'io.write(require("view.color").paint("error", "x"), "\\n")'

t.test("no colours without a terminal, unless always", function()
  local plain = { code = 0, stdout = "x\n", stderr = "" }
  t.equal(t.siterun { args = { "-e", CODE } }, plain)
  t.equal(t.siterun { args = { "--color=never", "-e", CODE } }, plain)
  t.equal(t.siterun { args = { "--color=always", "-e", CODE } }.stdout, "\27[1;31mx\27[0m\n")
  t.equal(t.siterun { args = { "--color=always", "-e", CODE }, env = { NO_COLOR = "1" } }.stdout,
    "\27[1;31mx\27[0m\n")
end)

t.test("colours on a terminal, unless NO_COLOR is set, TERM is dumb or never", function()
  local show = 'print(require("view.color").is_on("stdout"), require("view.color").is_on("stderr"))'
  for _, case in ipairs {
    { {}, "auto", "true\ttrue" }, { { NO_COLOR = "1" }, "auto", "false\tfalse" },
    { { NO_COLOR = "" }, "auto", "true\ttrue" }, { { TERM = "dumb" }, "auto", "false\tfalse" },
    { {}, "never", "false\tfalse" },
  } do
    local screen <close> = terminal.with(case[1], "--color=" .. case[2], "-e", show)
    t.match(screen:wait("exit code 0"), case[3]:gsub("\t", " +"))
  end
end)

t.test("the mark of an error is coloured where it is seen, and the error is safe", function()
  local code = "error('a\\27[32mb', 0)"
  t.equal(t.siterun { args = { "-e", code } }.stderr:match("^[^\n]+"), "siterun: a\\x1b[32mb")
  t.match(t.siterun { args = { "--color=always", "-e", code } }.stderr, "^\27%[1;31msiterun:\27%[0m a")
  local screen <close> = terminal.siterun("-e", code)
  screen:wait("siterun: a\\x1b%[32mb")
  t.match(screen:tmux("capture-pane", "-p", "-e"), "\27%[1m\27%[31msiterun:\27%[0m")
end)

t.test("results in a session are coloured", function()
  local session <close> = terminal.siterun()
  session:wait("^>\n")
  session:enter("{ { id = 1, name = 'x' } }", "1 row\n>\n")
  t.match(session:tmux("capture-pane", "-p", "-e"), "\27%[1mid\27%[0m.-\27%[1mname.-\27%[33m1\27")
end)
