local t = require("tests.t")

local function run(text, memory)
  local path = t.write(t.scratch .. "/trace.lua", text)
  local result = t.siterun({ args = { path }, memory = memory })
  result.stderr = result.stderr:gsub("/%S*/trace%.lua", "trace.lua")
  return result
end

t.test("an error names the line, and the frames are the user's", function()
  local result = run("local function inner()\n  error('boom')\nend\nfunction outer() inner() end\nouter()\n")
  t.equal(result.code, 1)
  t.equal(result.stderr, "siterun: trace.lua:2: boom\nstack traceback:"
    .. "\n\ttrace.lua:2: in upvalue 'inner'\n\ttrace.lua:4: in function 'outer'\n\ttrace.lua:5: in main chunk\n")
end)

t.test("an error table raised by a module names the user's line", function()
  local result = run('local errors = require "siterun.errors"\n\nerrors.raise { kind = "denied", message = "no" }\n')
  t.match(result.stderr, "^siterun: trace.lua:3: [^\n]*no[^\n]*\nstack traceback:\n\ttrace.lua:3: in main chunk\n$")
end)

t.test("the kind of the error gives the exit code", function()
  local codes = {
    config = 3, auth = 3, usage = 2, denied = 4, not_found = 4, refused = 4, rate_limited = 4, server = 5,
    network = 5, timeout = 5, decode = 5, deadline = 6, unknown_outcome = 7, interrupted = 130,
  }
  for kind, code in pairs(codes) do
    local result = run(('require "siterun.errors".raise { kind = "%s", message = "m" }'):format(kind))
    t.equal(result.code, code, kind)
  end
end)

for value, text in pairs({
  ["setmetatable({}, {__tostring = function() return 'shown' end})"] = "shown",
  ["{}"] = "(error object is a table value)",
  ["nil"] = "(error object is a nil value)",
  ["42"] = "42",
  ["0/0"] = "-nan",
  ["setmetatable({}, {__tostring = error})"] = "(error object is a table value)",
}) do
  t.test("error(" .. value .. ")", function()
    local result = run("error(" .. value .. ", 0)")
    t.equal(result.code, 1)
    t.equal(result.stderr:match("^siterun: ([^\n]*)"), text)
  end)
end

t.test("a deep stack shows both ends", function()
  local result = run("local function f(n) if n == 0 then error('deep') end return 1 + f(n - 1) end\nf(300)\n")
  local _, lines = result.stderr:gsub("\n", "")
  t.match(result.stderr, "^siterun: trace.lua:1: deep\n.*\n\t%.%.%.\n.*trace.lua:2: in main chunk\n$")
  t.equal(lines, 1 + 1 + 22)
end)

t.test("a stack overflow is an error like any other", function()
  local result = run("local function f() return 1 + f() end\nf()\n")
  t.equal(result.code, 1)
  t.match(result.stderr, "^siterun: trace.lua:1: stack overflow")
  t.match(result.stderr, "\n\ttrace.lua:2: in main chunk\n$")
end)

t.test("no memory is an error like any other", function()
  local result = run("local s = ('x'):rep(1 << 30)", 900)
  t.equal(result.code, 1)
  t.match(result.stderr, "siterun: not enough memory\nstack traceback:\n\ttrace.lua:1: in main chunk\n$")
end)

t.test("an error of a spawned task shows that task's frames", function()
  local result = run('local task = require "task"\nlocal function work()\n  task.sleep(0)\n  error("in the task")\nend\n'
    .. "task.spawn(work):join()\n")
  t.match(result.stderr, "^siterun: trace.lua:4: in the task\nstack traceback:\n\ttrace.lua:4: in function <trace.lua:2>\n$")
end)
