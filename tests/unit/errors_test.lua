local t = require "tests.t"
local errors = require "siterun.errors"

local function sample(fields)
  fields.service, fields.operation = "ticketing", "tickets:get"
  return errors.new(fields)
end

t.test("an error says where, what and what to do on one line", function()
  local e = sample { kind = "not_found", status = 404, message = "No such ticket",
    sent = "yes" }
  t.equal(tostring(e),
    "ticketing tickets:get: not_found (HTTP 404): No such ticket; check the id or the path")
end)

t.test("a call that never left says that nothing was sent", function()
  t.match(tostring(sample { kind = "usage", message = "unknown parameter" }),
    "nothing was sent")
end)

t.test("an unknown outcome says to look first", function()
  local e = sample { kind = "unknown_outcome", message = "no answer", sent = "unknown" }
  t.match(tostring(e), "may or may not have taken effect")
  t.match(tostring(e), "before repeating it")
  t.equal(e.retryable, false)
end)

t.test("a rate limit says when to try again", function()
  local e = sample { kind = "rate_limited", message = "slow down", sent = "yes",
    retry_after = 41.2 }
  t.match(tostring(e), "try again in 42 s")
  t.match(tostring(sample { kind = "rate_limited", message = "x", retry_after = 3600 }),
    "in 60 min")
end)

t.test("a wait is told in units that a person can read", function()
  local function told(seconds, status, kind)
    return tostring(sample { kind = kind or "rate_limited", message = "x", status = status,
      retry_after = seconds })
  end
  t.match(told(99999), "in 28 h")
  t.match(told(10 * 86400), "in 10 days")
  t.match(told(34, nil, "deadline"), "start it again in 34 s")
end)

t.test("a pause is not always that of the account's limit", function()
  local function told(status)
    return tostring(sample { kind = "rate_limited", message = "x", status = status,
      retry_after = 5 })
  end
  t.match(told(429), "limit is used up: try again in 5 s")
  t.match(told(503), "the service asks for a pause: try again in 5 s")
  t.equal(told(nil):find("used up", 1, true), nil)
end)

t.test("a read without an answer says nothing of effects", function()
  local e = sample { kind = "network", message = "reset", sent = "unknown" }
  t.equal(tostring(e), "ticketing tickets:get: network: reset; check the address and the network")
  t.equal(e.retryable, true)
end)

t.test("the service's own hint goes before the general one", function()
  t.match(tostring(sample { kind = "auth", message = "no", hint = "the key changed" }),
    "the key changed$")
end)

t.test("a hostile message stays one bounded line", function()
  local e = sample { kind = "server",
    message = "a\r\nb\27[2J\0c\u{202E}d\u{9B}e\xFF" .. ("é"):rep(5000), sent = "yes" }
  local text = tostring(e)
  t.equal(text:find("[%c\x7F]"), nil)
  t.truthy(not text:find("\u{202E}", 1, true) and not text:find("\u{9B}", 1, true))
  t.truthy(#text < 1600)
  t.truthy(utf8.len(text))
end)

t.test("the service's complaints are listed once", function()
  local e = sample { kind = "refused", message = "title is empty",
    errors = { "title is empty", "name is long" }, sent = "yes" }
  t.match(tostring(e), "title is empty %(name is long%)")
end)

t.test("exit codes follow the kind", function()
  local want = {
    config = 3, auth = 3, usage = 2, denied = 4, not_found = 4, refused = 4, rate_limited = 4,
    server = 5,
    network = 5, timeout = 5, decode = 5, deadline = 6, unknown_outcome = 7, interrupted = 130,
  }
  for kind, code in pairs(want) do
    t.equal(errors.exit_code(errors.new { kind = kind }), code)
  end
  t.equal(errors.exit_code("plain"), 1)
end)

t.test("an error made from a core error keeps it and adds the place", function()
  local e = errors.from({ kind = "timeout", message = "no answer in 3 s", sent = "unknown",
    attempts = 1 },
    { service = "ticketing", operation = "tickets:list" })
  t.equal(e.sent, "unknown")
  t.equal(e.operation, "tickets:list")
  t.equal(errors.from(e), e)
end)

t.test("raise raises a table", function()
  local ok, e = pcall(errors.raise, { kind = "config", message = "TICKETING_KEY is not set" })
  t.equal(ok, false)
  t.truthy(errors.is(e))
  t.equal(e.kind, "config")
end)
