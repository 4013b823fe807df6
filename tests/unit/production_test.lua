-- A production profile: the prompt says so, and a session's first write is asked for.
local sandbox = require "tests.sandbox"
local t = require "tests.t"
local terminal = require "tests.terminal"

local function config(text)
  return t.write(t.scratch .. "/production.lua", text)
end

local LIVE = "return { live = { production = true }, test = { production = false }, default = {} }"

local function variables(server, profile)
  local env = { SITERUN_CONFIG = config(LIVE), SITERUN_PROFILE = profile,
    SITERUN_STATE = t.scratch .. "/production" .. profile }
  for name, value in pairs(server.vars) do
    if name:find("^TICKETING") then env[name] = value end
  end
  return env
end

local CREATE = "tk.tickets:create { title = 'T' .. %d, requestor = { id = '1', name = 'A', email = 'a@x.org' } }.title"

t.test("no sends nothing and is asked again, yes lets the session write", function()
  local server <close> = sandbox.start()
  local session <close> = terminal.with(variables(server, "live"))
  session:wait("^live production>\n")
  session:enter("tk = ticketing.connect()", "connect%(%)\nlive production>\n$")
  local question = "profile 'live' is production: send POST http://127.0.0.1:%d+/%S+/tickets%? %[y/N%]"
  session:enter(CREATE:format(1), question .. "\n$")
  session:enter("n", "denied: profile 'live' is production, and you did not al\nlow the write.-nothing was sent.-asks again")
  session:enter(CREATE:format(2), question .. "\n$")
  session:press("C-c")
  session:wait("asks again.-asks\n? ?again.-live production>\n$")
  session:enter(CREATE:format(3), question .. "\n$")
  session:enter("y", "\nT3\nlive production>\n$")
  session:enter(CREATE:format(4), "\nT4\nlive production>\n$")
  session:enter("#tk.tickets:all { title = 'T' .. 1 } + #tk.tickets:all { title = 'T' .. 2 }",
    "\n0\nlive production>\n$")
end)

t.test("what was typed before the question is no answer to it", function()
  local server <close> = sandbox.start()
  local session <close> = terminal.with(variables(server, "live"))
  session:wait("^live production>\n")
  session:enter("tk = ticketing.connect()", "connect%(%)\nlive production>\n$")
  local gate = t.scratch .. "/gate"
  assert(os.execute("mkfifo " .. t.quote(gate)))
  session:enter(("print('before') io.open(%q):close() return "):format(gate) .. CREATE:format(6), "\nbefore\n$")
  session:enter("y", "\nbefore\ny\n$")
  t.write(gate, "")
  session:wait("%[y/N%]\n$")
  session:enter("n", "denied.-\nlive production>\n$")
end)

t.test("several tasks are asked for once", function()
  local server <close> = sandbox.start()
  local session <close> = terminal.with(variables(server, "live"))
  session:wait("^live production>\n")
  session:enter("tk = ticketing.connect()", "connect%(%)\nlive production>\n$")
  local work = "#task.map({ 1, 2, 3 }, function(i) return " .. CREATE:gsub("%%d", "i") .. " end)"
  session:enter(work, "%[y/N%]\n$")
  local screen = session:enter("yes", "\n3\nlive production>\n$")
  t.equal(select(2, screen:gsub("y/N", "")), 1)
end)

t.test("scripts, other profiles and the sandbox are not asked", function()
  local server <close> = sandbox.start()
  local code = "tk = require('ticketing').connect() print(" .. CREATE:format(5) .. ")"
  t.equal(t.siterun { args = { "-e", code }, env = variables(server, "live") },
    { code = 0, stdout = "T5\n", stderr = "" })
  local session <close> = terminal.with(variables(server, "test"))
  session:wait("^test>\n")
  session:enter(code, "\nT5\ntest>\n$")
  local simulated <close> = terminal.with(variables(server, "live"), "--sandbox")
  simulated:wait("^sandbox>\n")
  simulated:enter(code, "\nT5\nsandbox>\n$")
end)

t.test("the mark is true or false", function()
  local env = { SITERUN_CONFIG = config("return { default = { production = 'yes' } }"),
    TICKETING_URL = "http://127.0.0.1:1", TICKETING_KEY = "k" }
  local run = t.siterun { args = { "-e", "require('ticketing').connect()" }, env = env }
  t.match(run.stderr, "default.production must be true or false, not a string")
  t.equal(run.code, 3)
end)
