-- What breaks on the way, and what a person is told.
local case = require "tests.case"
local clients = require "tests.clients"
local task = require "task"

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
lost_write("breaks off in its headers", { json = { item = { id = "a" } }, cut = { at = "reply", bytes = 20, how = "fin" } })
lost_write("is an interim one alone", { raw = "HTTP/1.1 103 Early Hints\r\n\r\n", close = "silent" })
lost_write("breaks off", { json = { item = { id = "a" } }, cut = { at = "reply", body_bytes = 3, how = "fin" } })

case "a read whose answer always breaks off fails and shows no key" {
  given = { { times = 0, json = { item = { id = "a" } }, cut = { at = "reply", body_bytes = 3, how = "fin" } } },
  call = tk(function(c) return c.tickets:get("a", { timeout = 1 }) end),
  error = { kind = "network", service = "ticketing", operation = "tickets:get" },
}

local READ, COMMENT = "GET /v1/tickets/a?timezone=0&key=PRIMARY", "POST /v1/tickets/a/comments?key=PRIMARY"

local function slow_down(retry_after, more)
  local headers = more or {}
  headers["Retry-After"] = retry_after
  return { status = 429, headers = headers, json = { statusCode = 429, message = "Slow" } }
end

case "a read that got no answer is made again" {
  given = { { cut = { at = "request", how = "reset" } }, { json = { item = { id = "a" } } } },
  call = tk(get),
  sends = { READ, READ },
  result = { id = "a" },
}

for _, bytes in ipairs { 10, 17, 20, 60 } do
  case("a read whose answer breaks off in its headers, after " .. bytes .. " bytes, is made again") {
    given = { { json = { item = {} }, cut = { at = "reply", bytes = bytes, how = "fin" } }, { json = { item = { id = "a" } } } },
    call = tk(get),
    sends = { READ, READ },
    result = { id = "a" },
  }
end

case "a read that gets no answer five times may be made again" {
  given = { { times = 5, cut = { at = "request", how = "reset" } } },
  call = tk(get),
  sends = { READ, READ, READ, READ, READ },
  error = { kind = "network", sent = "unknown", attempts = 5, retryable = true },
}

for _, status in ipairs { 500, 502, 503, 504 } do
  case("a read answered " .. status .. " is made again, a write is not") {
    given = { { status = status }, { json = { item = { id = "a" } } }, { status = status } },
    call = tk(function(c)
      get(c)
      return comment(c)
    end),
    sends = { READ, READ, COMMENT },
    error = { kind = "server", status = status, sent = "yes", attempts = 1, retryable = false, hint = LOOK },
  }
end

case "429 of a write did nothing: it is waited for and the write made again" {
  given = { slow_down "1", { json = { item = { id = "a" } } } },
  call = tk(comment),
  sends = { COMMENT, COMMENT },
}

case "the pause is measured against the service's own clock" {
  given = {
    slow_down("Mon, 01 Jan 2001 00:00:01 GMT", { Date = "Mon, 01 Jan 2001 00:00:00 GMT" }),
    { json = { item = { id = "a" } } },
  },
  call = tk(comment),
  sends = { COMMENT, COMMENT },
}

case "429 with a pause beyond 15 min fails at once and says when to try again" {
  given = { slow_down "901" },
  call = tk(comment),
  sends = { COMMENT },
  error = { kind = "rate_limited", status = 429, retry_after = 901.0, attempts = 1, retryable = true,
    message = "Slow" },
}

case "that pause holds the next call, which fails at once with the time left" {
  given = { slow_down "901" },
  call = tk(function(c)
    pcall(c.tickets.get, c.tickets, "a")
    return c.tickets:get("b")
  end),
  sends = { READ },
  error = { kind = "rate_limited", sent = "no", attempts = 0, retry_after = function(s) return s > 890 and s < 902 end,
    message = "ticketing asked for a pause that is not over" },
}

case "the longest pause is a setting" {
  given = { slow_down "30" },
  call = tk(get, { retry_after_max = "29s" }),
  sends = { READ },
  error = { kind = "rate_limited", retry_after = 30.0, attempts = 1 },
}

case "429 with a pause beyond the call's deadline fails at once; the pause holds the next call" {
  given = { slow_down "30" },
  call = tk(function(c)
    local _, e = pcall(c.tickets.get, c.tickets, "a", { deadline = 20 })
    assert(e.kind == "rate_limited" and e.retry_after == 30 and e.attempts == 1, tostring(e))
    return c.tickets:get("a", { deadline = 20 })
  end),
  sends = { READ },
  error = { kind = "deadline", sent = "no", attempts = 0, retry_after = function(s) return s > 20 and s < 31 end },
}

case "503 with Retry-After is no refusal where the service does not say so" {
  given = { { status = 503, headers = { ["Retry-After"] = "1" } } },
  call = tk(comment),
  sends = { COMMENT },
  error = { kind = "server", status = 503, retry_after = 1.0, retryable = false, hint = LOOK },
}

case "after a refusal no connection can be made: the write was sent, and did nothing" {
  call = function()
    local refusal = { status = 429, headers = { ["Retry-After"] = "1" }, close = true }
    local listener = require("tests.peer").listen({}, { refusal })
    task.spawn(function()
      repeat
        task.sleep(0.01)
        local record = listener:record()
      until #record.requests == 1 and record.open == 0
      listener:close()
    end)
    return comment(clients.ticketing(listener))
  end,
  error = { kind = "network", sent = "yes", attempts = 1, retryable = true },
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
  error = { kind = "network", sent = "no", attempts = 0, retryable = true },
}

-- No account, so no retries: only a read whose kept-alive connection was dead is sent again.
local function by_http(method)
  return function(listener)
    local http = require "http"
    http.get(listener.url .. "/warm")
    return http.request { method = method, url = listener.url .. "/x", timeout = 5 }
  end
end

case "http: a read on a dead kept-alive connection is sent once more" {
  given = { {}, { cut = { at = "request", how = "reset" } }, { body = "ok" } },
  call = by_http "GET",
  sends = { "GET /warm", "GET /x", "GET /x" },
  result = { status = 200, body = "ok" },
}

case "http: and no further time" {
  given = { {}, { times = 2, cut = { at = "request", how = "reset" } } },
  call = by_http "GET",
  sends = { "GET /warm", "GET /x", "GET /x" },
  error = { kind = "network", sent = "unknown", attempts = 2 },
}

case "http: a write on a dead kept-alive connection is not" {
  given = { {}, { cut = { at = "request", how = "reset" } } },
  call = by_http "POST",
  sends = { "GET /warm", "POST /x" },
  error = { kind = "unknown_outcome", sent = "unknown", attempts = 1 },
}

for _, status in ipairs { 429, 503 } do
  case("http: " .. status .. " is the caller's to judge") {
    given = { {}, { status = status, headers = { ["Retry-After"] = "0" } } },
    call = by_http "GET",
    sends = { "GET /warm", "GET /x" },
    result = { status = status, attempts = 1, retry_after = 0.0 },
  }
end

case "a trace says how often a call was sent" {
  given = { { status = 500 }, { json = { item = { id = "a" } } } },
  call = function(listener)
    local t = require "tests.t"
    local script = t.write(t.scratch .. "/attempts.lua",
      "require('ticketing').connect { url = arg[1], key = 'PRIMARY' }.tickets:get 'a'")
    return t.siterun({ args = { "--trace", script, listener.url } }).stderr
  end,
  result = function(text) assert(text:find ", 2 attempts, %d+ ms\n", text) end,
}

case "a service that writes no HTTP is not understood" {
  given = { { raw = "SSH-2.0-OpenSSH_9.2\r\n" } },
  call = tk(get),
  sends = { READ },
  error = { kind = "decode", sent = "unknown", attempts = 1 },
}
