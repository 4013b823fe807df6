-- Each call ends within its deadline and a second, however it ends.
local clients = require "tests.clients"
local clock = require "c.clock"
local http = require "http"
local peer = require "tests.peer"
local t = require "tests.t"
local task = require "task"

local STALL = { times = 0, cut = { at = "request", how = "stall" } }

---Calls with a deadline and returns the error.
local function fails(listener, kind, deadline, call)
  local before = clock.monotonic()
  local failure = t.raises(call, kind)
  local took = clock.monotonic() - before
  t.truthy(took < deadline + 1, ("%.3f s for a deadline of %g s"):format(took, deadline))
  return failure, listener:record()
end

local function test(name, replies, body)
  t.test(name, function()
    local listener <close> = peer.listen({}, replies)
    body(listener)
  end)
end

test("an answer that never comes", { STALL }, function(listener)
  local tk = clients.ticketing(listener)
  local failure = fails(listener, "deadline", 0.3, function()
    tk.tickets:get("a", { deadline = 0.3 })
  end)
  t.equal(failure.attempts, 1)
  t.equal(failure.operation, "tickets:get")
end)

test("attempts with a timeout are repeated until the deadline", { STALL }, function(listener)
  local tk = clients.ticketing(listener)
  -- The last failure is told when there is no time for a further attempt.
  local failure, record = fails(listener, "Operation timed out", 3, function()
    tk:request({ path = "/a" }, { deadline = 3, timeout = 0.2 })
  end)
  t.truthy(failure.attempts > 1)
  t.equal(#record.requests, failure.attempts)
end)

test("a write that gets no answer is of unknown outcome", { STALL }, function(listener)
  local tk = clients.ticketing(listener)
  local failure, record = fails(listener, "unknown_outcome", 0.3, function()
    tk.tickets:comment("a", "text", { deadline = 0.3 })
  end)
  t.equal(failure.sent, "unknown")
  t.equal(#record.requests, 1)
end)

test("a write that carries a mark", { STALL }, function(listener)
  local tk = clients.ticketing(listener, { reference = true })
  fails(listener, "unknown_outcome", 0.3, function()
    tk.tickets:create({ title = "No power", requestor = clients.user },
      { deadline = 0.3, timeout = 3 })
  end)
end)

test("a wait for the limit that would be too long", { { times = 0, json = {} } }, function(listener)
  local tk = clients.ticketing(listener, { limit = "1/60s" })
  tk:request { path = "/a" }
  local before = clock.monotonic()
  local failure, record = fails(listener, "deadline", 20, function()
    tk:request({ path = "/a" }, { deadline = 20 })
  end)
  t.truthy(clock.monotonic() - before < 1, "at once")
  t.equal(failure.sent, "no")
  t.equal(#record.requests, 1)
end)

test("failures of the service", { { times = 0, status = 500 } }, function(listener)
  fails(listener, "server", 1, function()
    clients.ticketing(listener):request({ path = "/a" }, { deadline = 1 })
  end)
end)

test("a pause that the service asks for and that would be too long",
  { { times = 0, status = 429, headers = { ["Retry-After"] = "20" } } }, function(listener)
    local failure, record = fails(listener, "rate_limited", 1, function()
      clients.ticketing(listener):request({ path = "/a" }, { deadline = 1 })
    end)
    t.equal(failure.retry_after, 20.0)
    t.equal(#record.requests, 1)
  end)

test("a login that never ends", { STALL }, function(listener)
  local failure, record = fails(listener, "deadline", 0.3, function()
    clients.teleporte(listener).sites:list({}, { deadline = 0.3 })
  end)
  t.equal(failure.sent, "no")
  t.equal(#record.requests, 1)
end)

test("the look-up of names", { STALL }, function(listener)
  local failure = fails(listener, "deadline", 0.3, function()
    clients.ticketing(listener).tickets:update("a", { customFields = { ["Site"] = "x" } },
      { deadline = 0.3 })
  end)
  t.equal(failure.sent, "no")
end)

local PAGES = {
  { json = { items = { { id = "1" } }, continuationToken = "T1" } },
  { json = { items = { { id = "2" } }, continuationToken = "T2" }, delay_ms = 200 },
  STALL,
}

test("`all` is one call", PAGES, function(listener)
  local _, record = fails(listener, "deadline", 0.5, function()
    clients.ticketing(listener).tickets:all({}, { deadline = 0.5 })
  end)
  t.equal(#record.requests, 3)
end)

test("the deadline of `each` is that of a page", { PAGES[1], { json = { items = { { id = "2" } } } } },
  function(listener)
    local ids = {}
    for ticket in clients.ticketing(listener).tickets:each({}, { deadline = 0.5 }) do
      ids[#ids + 1] = ticket.id
      task.sleep(0.6)
    end
    t.equal(ids, { "1", "2" })
  end)

test("http.get of another service", { STALL }, function(listener)
  local failure = fails(listener, "deadline", 0.3, function()
    http.get(listener.url .. "/a", { deadline = 0.3 })
  end)
  t.equal(failure.service, "http")
end)

test("a call that can't yield", { STALL }, function(listener)
  fails(listener, "deadline", 0.3, function()
    table.sort({ 2, 1 }, function() http.get(listener.url .. "/a", { deadline = 0.3 }) end)
  end)
end)

test("a deadline that is none", {}, function(listener)
  local tk = clients.ticketing(listener)
  for _, wrong in ipairs { 0, -1, "5", 0 / 0, 1 / 0 } do
    t.raises(function() tk.tickets:get("a", { deadline = wrong }) end, "usage")
    t.raises(function() tk:request({ path = "/a" }, { deadline = wrong }) end, "usage")
    t.raises(function() http.get(listener.url, { deadline = wrong }) end, "usage")
  end
  local failure = t.raises(function() tk.tickets:list { deadline = 5 } end, "usage")
  t.match(failure.message, '"deadline" is an option')
  t.equal(#listener:record().requests, 0)
end)
