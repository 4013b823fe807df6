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
