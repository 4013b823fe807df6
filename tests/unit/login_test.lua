-- One login serves all processes of a user.
local crowd = require("tests.crowd")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

-- Calls, says so, and calls again once the file `gate` is there.
local TWICE = [[
  local gate = ...
  local client = require "teleporte".connect()
  client.sites:list()
  print "ready"
  repeat require "task".sleep(0.005) until io.open(gate)
  client.sites:list()
  print "done"
]]

local function hear_all(members, word)
  for i = 1, #members.members do
    t.equal(members:hear(i), word)
  end
end

local function logins(sb)
  return sb:control("GET", "/counters").json.teleporte.logins
end

---16 processes call, their session expires, and all call again at once.
local function expire_at_once(expire, ...)
  local sb <close> = sandbox.start(...)
  local members <close> = crowd.gather({ port = 1 }, "100/1s", sb.vars)
  local script = t.write(members.state .. ".lua", TWICE)
  for _ = 1, 16 do
    members:join(script, members.state .. ".gate")
  end
  hear_all(members, "ready")
  t.equal(logins(sb), 1, "all that start without a session")
  expire(sb)
  local before = logins(sb)
  t.write(members.state .. ".gate", "")
  hear_all(members, "done")
  t.equal(logins(sb) - before, 1, "all that find theirs expired")
  t.equal(members:disband(), "")
end

t.test("16 processes that are told by a 401 log in once", function()
  expire_at_once(function(sb) sb:control("POST", "/expire") end, "--expires", "absent")
end)

t.test("16 processes that know when their session ends log in once", function()
  expire_at_once(function(sb)
    local call = { headers = sb:tp_headers() }
    repeat
      os.execute("sleep 0.2")
    until sb:tp("GET", "/sites", call).status == 401
  end, "--session", "6s")
end)
