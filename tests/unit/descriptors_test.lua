-- More calls at a time than a process has descriptors at first.
local peer = require "tests.peer"
local t = require "tests.t"

local MANY = 100

local CALLS = [[
local http, task = require "http", require "task"
local calls = {}
for i = 1, tonumber(arg[2]) do calls[i] = task.spawn(pcall, http.get, arg[1] .. "/held") end
for i = #calls, 1, -1 do
  local ok, reply = calls[i]:join()
  if not ok then print(reply.kind, reply.sent, reply) os.exit(1) end
end
print(#calls .. " answered")
]]

---Starts a run of the program that has a limit on its descriptors.
local function start(limit, listener)
  local script = t.write(t.scratch .. "/descriptors.lua", CALLS)
  return assert(io.popen(("%s; exec %s %s %s %d 2>&1"):format(
    limit, t.quote(t.program), t.quote(script), t.quote(listener.url), MANY)))
end

t.test("the soft limit is raised", function()
  local listener <close> = peer.listen({}, { { times = 0, hold = "go" } })
  local run <close> = start("ulimit -Sn 64", listener)
  listener:wait { requests = MANY }
  listener:release "go"
  t.equal(run:read "a", "100 answered\n")
end)

t.test("past the hard limit the error says what ran out", function()
  local listener <close> = peer.listen({}, { { times = 0, hold = "go" } })
  local run <close> = start("ulimit -n 64", listener)
  t.match(run:read "a", "^network%s+no%s.*64 descriptors are in use: raise `ulimit %-n`")
end)

t.test("programs that a recipe starts get no connection", function()
  local listener <close> = peer.listen({}, { { times = 0 } })
  t.equal(require("http").get(listener.url).status, 200)
  local sockets = assert(io.popen(
    "for fd in /proc/self/fd/*; do readlink $fd; done | grep -c ^socket"))
  local count = tonumber(sockets:read "a")
  sockets:close()
  t.equal(count, 2) -- with which libcurl wakes itself
end)
