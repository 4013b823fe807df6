-- What a person at a terminal sees of a wait of over 2 s: one line.
local crowd = require("tests.crowd")
local peer = require "tests.peer"
local t = require("tests.t")
local terminal = require("tests.terminal")

---A program in a terminal, with the state that other processes share.
local function at_terminal(members, ...)
  local parts = { "env" }
  for name, value in pairs(members.env) do
    parts[#parts + 1] = name .. "=" .. value
  end
  parts[#parts + 1] = t.program
  return terminal.run(table.move({ ... }, 1, select("#", ...), #parts + 1, parts))
end

local function lines_of(screen)
  local lines = {}
  for line in screen:gsub("\n", ""):gmatch("siterun: ticketing: .-others? waiting") do
    lines[#lines + 1] = line
  end
  return lines
end

local ASK = 'client = require "ticketing".connect() client:request { path = "/a" } '
local THRICE = ASK .. [[
  require "task".map({ 1, 2, 3 }, function() client:request { path = "/a" } end)
]]

t.test("a wait for the limit is told once: used, seconds left, others", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "1/30s")
  local screen <close> = at_terminal(members, "-e", THRICE)
  local lines = lines_of(screen:wait("waiting\n"))
  t.equal(#lines, 1)
  local left = lines[1]:match("^siterun: ticketing: waiting for the limit: 1 of 1 in 30 s used, "
    .. "next slot in (%d+) s, 2 others waiting$")
  t.truthy(tonumber(left) >= 25 and tonumber(left) <= 30, left)
  local second <close> = at_terminal(members, "-e", ASK)
  lines = lines_of(second:wait("waiting\n"))
  t.match(lines[1], "3 others waiting$")
end)

t.test("nobody else, and only one other", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "1/30s")
  local first <close> = at_terminal(members, "-e", ASK .. ASK)
  first:wait("0 others waiting")
  local second <close> = at_terminal(members, "-e", ASK)
  second:wait("1 other waiting")
end)

t.test("one line for a pause that the service asked for", function()
  local listener <close> = peer.listen({}, {
    { times = 0, status = 429, headers = { ["Retry-After"] = "40" } },
  })
  local members <close> = crowd.gather(listener, "5/60s")
  local screen <close> = at_terminal(members, "-e", ASK)
  local lines = lines_of(screen:wait("waiting\n"))
  t.equal(#lines, 1)
  t.match(lines[1], "ticketing: paused by the service: 1 of 5 in 60 s used, "
    .. "next slot in 4[01] s, 0 others waiting$")
end)

local AFTER = ASK .. ASK .. "print 'done'"

t.test("a wait that is told is told once, and not when it is short", function()
  local server <close> = crowd.serve()
  for _, case in ipairs { { "1/3s", 1 }, { "1/1500ms", 0 } } do
    local members <close> = crowd.gather(server, case[1])
    local screen <close> = at_terminal(members, "-e", AFTER)
    t.equal(#lines_of(screen:wait("done")), case[2])
  end
end)

t.test("no line with --quiet, nor where nobody looks", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "1/2500ms")
  local screen <close> = at_terminal(members, "--quiet", "-e", AFTER)
  t.equal(#lines_of(screen:wait("done")), 0)
  local run = t.siterun { args = { "-e", AFTER }, env = members.env }
  t.equal(run.stderr, "")
  t.equal(run.stdout, "done\n")
end)
