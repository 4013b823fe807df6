-- Bars: how far lists and tasks are, on a terminal's stderr.
local crowd = require "tests.crowd"
local remaining = require "view.remaining"
local t = require "tests.t"
local terminal = require "tests.terminal"

-- Steps that a file lets go on, so that the test says when.
local GATE = [[
local task = require "task"
local function open(n)
  local f = io.open(arg[1] .. n)
  if f then f:close() end
  return f ~= nil
end
local function pass(n) while not open(n) do task.sleep(0.02) end end
]]

local count = 0
local function gate()
  count = count + 1
  return t.scratch .. "/gate" .. count .. "-"
end

local function script(text)
  return t.write(("%s/progress%d.lua"):format(t.scratch, count), GATE .. text)
end

t.test("tasks: how many of how many, and nothing of it stays", function()
  local path = gate()
  local screen <close> = terminal.siterun(script [[
    io.write("begin\n")
    task.map({ 1, 2, 3, 4 }, function(i) pass(i) if i == 2 then print("second", i) end end, { limit = 1 })
    print("end")]], path)
  screen:wait("^begin\ntasks  [░█]+  0 of 4  0.00/s\n$")
  t.write(path .. 1, "")
  screen:wait("^begin\ntasks  [░█]+  1 of 4  0.%d+/s  %d+:%d%d left\n$")
  t.write(path .. 2, "")
  screen:wait("^begin\nsecond%s+2\ntasks  [░█]+  2 of 4  [%d.]+/s  %d+:%d%d left\n$")
  t.write(path .. 3, "")
  screen:wait("3 of 4")
  t.write(path .. 4, "")
  t.equal(screen:wait("exit code"), "begin\nsecond  2\nend\nexit code 0\n")
end)

t.test("a narrow terminal shows the numbers", function()
  local text = require("view.progress").text
  local bar = { label = "ticketing tickets:list", total = 300, done = 50, ended = {}, started = 0, waited = 0, looked = 0 }
  t.match(text(bar, 10, 100), "^ticketing tickets:list  [█░]+  50 of 300  5.0/s  0:50 left$")
  t.equal(text(bar, 10, 60), "ticketing tickets:list  50 of 300  5.0/s  0:50 left")
  t.equal(text(bar, 10, 40), "50 of 300  5.0/s  0:50 left")
  t.equal(text(bar, 10, 18), "50 of 300  5.0/s …")
  bar.total = nil
  t.equal(text(bar, 10, 20), "50  5.0/s")
end)

t.test("output of all kinds takes the bar away first", function()
  local path = gate()
  local screen <close> = terminal.siterun(script [[
    task.map({ 1, 2, 3 }, function(i)
      pass(i)
      if i == 1 then io.stderr:write("to stderr\n") end
      if i == 2 then io.stdout:write("half a ") io.stdout:flush() end
    end, { limit = 1 })
    print("line")]], path)
  screen:wait("0 of 3")
  t.write(path .. 1, "")
  screen:wait("^to stderr\ntasks.-1 of 3.-left\n$")
  t.write(path .. 2, "")
  screen:wait("^to stderr\nhalf a\n$")
  t.write(path .. 3, "")
  t.equal(screen:wait("exit code"), "to stderr\nhalf a line\nexit code 0\n")
end)

t.test("an error and an interrupt leave no bar", function()
  local path = gate()
  local screen <close> = terminal.siterun(script [[
    pcall(task.map, { 1, 2 }, function(i) pass(i) error("no") end)
    task.map({ 1, 2 }, function() pass("never") end)]], path)
  screen:wait("^tasks.-0 of 2")
  t.write(path .. 1, "")
  screen:wait("^tasks.-0 of 2  0.00/s\n$")
  screen:press("C-c")
  t.match(screen:wait("exit code"), "^%^?C?siterun: interrupted: by SIGINT\nexit code 130\n$")
end)

t.test("lists: each and all, also when a loop is left early", function()
  local path = gate()
  local screen <close> = terminal.siterun("--sandbox", script [[
    local tk = require("ticketing").connect()
    local n = 0
    for _ in tk.tickets:each { limit = 10 } do
      n = n + 1
      if n == 15 then pass(1) end
      if n == 25 then break end
    end
    print("left", n)
    task.map({ 1 }, function() pass(2) end)]], path)
  screen:wait("^ticketing tickets:list  [░█]+  15 of %d,000  [%d.]+/s  %d+:%d%d left\n$")
  t.write(path .. 1, "")
  screen:wait("^left%s+25\ntasks  [░█]+  0 of 1  0.00/s\n$")
  t.write(path .. 2, "")
  t.equal(screen:wait("exit code"), "left    25\nexit code 0\n")
end)

t.test("the time left is what the limit allows", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "2/30s")
  local screen <close> = terminal.with(members.env, "-e", [[
    local client = require "ticketing".connect()
    require "task".map({ 1, 2, 3, 4, 5, 6, 7 }, function() client:request { path = "/a" } end)]])
  local text = screen:wait("2 of 7  [%d.]+/s  1:[12]%d left\n$")
  t.match(text, "^siterun: ticketing: waiting for the limit: 2 of 2 in 30 s used")
end)

t.test("none without a terminal, with --quiet, nor of what is short", function()
  local code = [[local task, clock = require "task", require "c.clock"
    local started = clock.monotonic()
    task.map({ 1 }, function() while clock.monotonic() < started + 1.2 do task.sleep(0.05) end end)
    print("done")]]
  t.equal(t.siterun { args = { "-e", code } }, { code = 0, stdout = "done\n", stderr = "" })
  local path = t.write(t.scratch .. "/typescript", "")
  local line = ("script -qec %s %s >/dev/null </dev/null"):format(
    t.quote(t.quote(t.program) .. " --quiet -e " .. t.quote(code)), t.quote(path))
  os.execute(line)
  local log = t.read(path)
  t.match(log, "done")
  t.equal(log:find("\27", 1, true), nil)
  local short = code:gsub("1%.2", "0.1")
  os.execute((line:gsub("1%.2", "0.1"):gsub("%-%-quiet ", "")))
  t.match(short, "0%.1")
  t.equal(t.read(path):find("\27", 1, true), nil)
end)

t.test("a session's prompt is free of bars, and its calls have them", function()
  local path = gate()
  local session <close> = terminal.siterun()
  session:wait("^>\n")
  session:enter(("open = function(n) local f = io.open(%q .. n) if f then f:close() end return f end"):format(path),
    "end\n>\n$")
  local work = "task.map({ 1 }, function() while not open(2) do task.sleep(0.02) end end)"
  session:enter("task.spawn(function() " .. work .. " print('spawned') end)", "\n>\n$")
  session:enter("while not open(1) do task.sleep(0.02) end", "\ntasks  [░█]+  0 of 1[^\n]*\n$")
  t.write(path .. 1, "")
  session:wait("0%.02%) end\n>\n$")
  session:enter("1 + 1", "\n2\n>\n$")
  session:enter(work .. " print('over')", "\ntasks  [░█]+  0 of 1  0.00/s\n$")
  t.write(path .. 2, "")
  session:wait("\n%l+\n%l+\n>\n$")
end)

t.test("the limiter's arithmetic", function()
  local limits = { limit = 100, window = 60, free = 40, wait = 0, waiting = 0, paused = 0 }
  for _, case in ipairs { { 40, 0 }, { 41, 60 }, { 140, 60 }, { 141, 120 } } do
    t.equal(remaining.wait(case[1], limits), case[2])
  end
  limits.free, limits.wait = 0, 12
  for _, case in ipairs { { 1, 12 }, { 100, 12 }, { 101, 72 }, { 250, 132 } } do
    t.equal(remaining.wait(case[1], limits), case[2])
  end
  limits.waiting = 8
  t.equal(remaining.wait(5, limits), 12)
  t.equal(remaining.wait(109, limits), 72)
  t.equal(remaining.wait(5, { paused = 7 }), 7, "an account without a limit")
end)
