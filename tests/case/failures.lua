-- What breaks on the way, and what a person is told.
local case = require "tests.case"
local clients = require "tests.clients"

local function tk(f, more)
  return function(listener) return f(clients.ticketing(listener, more)) end
end

local function comment(c) return c.tickets:comment("a", "x", { timeout = 2 }) end
local function get(c) return c.tickets:get("a", { timeout = 2 }) end

local LOOK = "look for the comment in tickets:activities before adding it again"

---A write that gets no whole answer is sent once and of unknown outcome.
local function lost_write(how, reply)
  case("a write whose answer " .. how .. " is of unknown outcome") {
    given = { reply },
    call = tk(comment),
    sends = { "POST /v1/tickets/a/comments?key=PRIMARY" },
    error = { kind = "unknown_outcome", sent = "unknown", attempts = 1, retryable = false, hint = LOOK,
      service = "ticketing", operation = "tickets:comment" },
  }
end

lost_write("is cut off by a reset", { cut = { at = "request", how = "reset" } })
lost_write("is cut off by an end", { cut = { at = "request", how = "fin" } })
lost_write("never comes", { cut = { at = "request", how = "stall" } })
lost_write("breaks off", { json = { item = { id = "a" } }, cut = { at = "reply", body_bytes = 3, how = "fin" } })

case "a read whose answer always breaks off fails and shows no key" {
  given = { { times = 0, json = { item = { id = "a" } }, cut = { at = "reply", body_bytes = 3, how = "fin" } } },
  call = tk(function(c) return c.tickets:get("a", { timeout = 1 }) end),
  error = { kind = "network", service = "ticketing", operation = "tickets:get" },
}

case "a read that got no answer may be made again" {
  given = { { cut = { at = "request", how = "reset" } } },
  call = tk(get),
  error = { kind = "network", sent = "unknown", retryable = true },
}

case "429 of a write says when to try again; it did nothing" {
  given = { { status = 429, headers = { ["Retry-After"] = "30" }, json = { statusCode = 429, message = "Slow" } } },
  call = tk(comment),
  sends = { "POST /v1/tickets/a/comments?key=PRIMARY" },
  error = { kind = "rate_limited", status = 429, retry_after = 30.0, retryable = true, message = "Slow" },
}

case "a service that repeats the key does not get it into the error" {
  given = { { status = 400, json = { message = "bad key PRIMARY\r\n\27[2J", errors = { "PRIMARY" }, code = "PRIMARY" } } },
  call = tk(function(c)
    local _, e = pcall(comment, c)
    assert(not (tostring(e) .. e.message .. e.errors[1] .. e.code .. e.url):find("PRIMARY", 1, true))
    assert(not tostring(e):find "[%c]")
    error(e, 0)
  end),
  error = { kind = "refused", message = "^bad key %*%*%* %[2J$", code = "***" },
}

case "wrong credentials of Teleporte are an error of kind auth that says what to check" {
  given = { { on = "POST /v3/sessions", status = 401, times = 0, json = { error = "invalid_grant", error_description = "Wrong password" } } },
  call = function(listener)
    return clients.teleporte(listener, { password = "WRONG-PASSWORD" }).sites:list()
  end,
  error = { kind = "auth", service = "teleporte", operation = "sites:list", sent = "no", attempts = 0,
    message = "Wrong password", hint = "check TELEPORTE_USERNAME and TELEPORTE_PASSWORD (an "
      .. "administrator account) and TELEPORTE_ORG_TOKEN" },
}

case "a write whose login fails was not sent" {
  given = { { on = "POST /v3/sessions", status = 500, times = 0, body = "" } },
  call = function(listener)
    return clients.teleporte(listener, { password = "OTHER-PASSWORD" }).keys:revoke(1)
  end,
  error = { kind = "server", sent = "no", attempts = 0, retryable = true },
}

case "an answer that is too large is refused" {
  given = { { ["repeat"] = { text = "x", times = 200 * 1024 * 1024 }, times = 0, endless = true } },
  call = tk(function(c) return c:request { path = "/big", timeout = 30 } end),
  error = { kind = "decode", service = "ticketing", operation = "request" },
}


case "a service that can't be reached was sent nothing" {
  call = function(listener)
    local closed = require("tests.peer").listen()
    closed:close()
    return clients.ticketing(listener, { url = closed.url }).tickets:comment("a", "x", { timeout = 2 })
  end,
  sends = {},
  error = { kind = "network", sent = "no", retryable = true },
}
