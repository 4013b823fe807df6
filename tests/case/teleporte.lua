local case = require "tests.case"
local clients = require "tests.clients"
local json = require "json"

local LOGIN = { "POST /v3/sessions",
  headers = { authorization = false, ["content-type"] = "application/json" },
  body = '{"password":"PASSWORD","username":"admin@example.com"}' }

local HEADERS = {
  authorization = "Bearer TOKEN-1", ["tws-organization-token"] = "ORG-TOKEN",
  ["tws-membership-id"] = "M-1", ["content-type"] = "application/json",
}

---A case of one call after the login: what the service answers, what is sent, what comes of it.
local function one(name, spec)
  case(name) {
    given = { clients.session, spec.given },
    call = function(listener) return spec.call(clients.teleporte(listener, spec.options)) end,
    sends = { LOGIN, { spec.sends, headers = spec.headers or HEADERS, body = spec.body or "" } },
    result = spec.result, error = spec.error,
  }
end

one("work_sessions:list sends the four headers and unwraps data", {
  given = { json = { data = { { id = "s-1", status = 0 }, { id = "s-2" } } } },
  call = function(tp) return tp.work_sessions:list() end,
  sends = "GET /v3/work_sessions",
  result = { { id = "s-1", status = 0 }, { id = "s-2" } },
})

one("work_sessions:list takes a named list", {
  given = { json = { work_sessions = { { id = "s-1" } } } },
  call = function(tp) return tp.work_sessions:all { page = 2 } end,
  sends = "GET /v3/work_sessions?page=2",
  result = { { id = "s-1" } },
})

one("work_sessions:list does not take just anything for an empty list", {
  given = { json = { message = "hello" } },
  call = function(tp) return tp.work_sessions:list() end,
  sends = "GET /v3/work_sessions",
  error = { kind = "decode" },
})

one("approve sends ticket number and tasks inside options", {
  given = { status = 204 },
  call = function(tp)
    return tp.work_sessions:approve("s-1", { ticket_number = "sarid123",
      tasks = { "Customer SHEQ Activities", "PDT" } })
  end,
  sends = "PUT /v3/work_sessions/s-1/approve",
  body = '{"options":{"tasks":["Customer SHEQ Activities","PDT"],"ticket_number":"sarid123"}}',
})

one("approve sends an empty list of tasks as a list", {
  given = { json = { data = { id = "s-1", status = 2 } } },
  call = function(tp) return tp.work_sessions:approve("s-1", { tasks = {} }) end,
  sends = "PUT /v3/work_sessions/s-1/approve",
  body = '{"options":{"tasks":[]}}',
  result = { id = "s-1", status = 2 },
})

one("decline has no body", {
  given = { status = 204 },
  call = function(tp) return tp.work_sessions:decline("s-1") end,
  sends = "PUT /v3/work_sessions/s-1/decline",
})

one("keys:assign sends the ticket number beside options", {
  given = { status = 201, json = { data = { { id = 880213, lock_id = 143415 } } } },
  call = function(tp)
    return tp.keys:assign { lock_ids = { 143415 }, membership_ids = { "97e9a980-9caf-4466" },
      start_date = "2025-04-15 10:00:00", end_date = "2025-04-15 12:00:00",
      ticket_number = "S_ID1234", tasks = { "Customer SHEQ Activities", "PDT" } }
  end,
  sends = "POST /v3/keys",
  body = '{"key":{"end_date":"2025-04-15 12:00:00","lock_ids":[143415],"membership_ids":'
    .. '["97e9a980-9caf-4466"],"options":{"tasks":["Customer SHEQ Activities","PDT"]},'
    .. '"start_date":"2025-04-15 10:00:00","ticket_number":"S_ID1234"}}',
  result = { { id = 880213, lock_id = 143415 } },
})

one("keys:assign makes a list of a single key", {
  given = { status = 201, json = { data = { id = 1 } } },
  call = function(tp)
    return tp.keys:assign { lock_ids = { 1 }, membership_ids = { "m" },
      start_date = "2025-04-15 10:00:00", end_date = "2025-04-15 12:00:00" }
  end,
  sends = "POST /v3/keys",
  body = '{"key":{"end_date":"2025-04-15 12:00:00","lock_ids":[1],"membership_ids":["m"],'
    .. '"start_date":"2025-04-15 10:00:00"}}',
  result = { { id = 1 } },
})

one("keys:revoke deletes", {
  given = { status = 204 },
  call = function(tp) return tp.keys:revoke(880213) end,
  sends = "DELETE /v3/keys/880213",
})

one("sites:list", {
  given = { json = { data = { { id = 4101 } } } },
  call = function(tp) return tp.sites:list { order = "asc" } end,
  sends = "GET /v3/sites?order=asc",
  result = { { id = 4101 } },
})

one("sites:locks", {
  given = { json = { data = json.array {} } },
  call = function(tp) return tp.sites:locks(4101) end,
  sends = "GET /v3/sites/4101/locks",
  result = json.array {},
})

one("locks:status", {
  given = { json = { data = { open_status = 1 } } },
  call = function(tp) return tp.locks:status(143415) end,
  sends = "GET /v3/locks/143415/status",
  result = { open_status = 1 },
})

one("users:create", {
  given = { status = 201, json = { data = { membership_id = "m-9" } } },
  call = function(tp)
    return tp.users:create { first_name = "Ana", last_name = "Silva", email = "ana@example.com" }
  end,
  sends = "POST /v3/users",
  body = '{"user":{"device_restricted":true,"email":"ana@example.com","first_name":"Ana",'
    .. '"language":"en","last_name":"Silva","user_group":"user"}}',
  result = { membership_id = "m-9" },
})

one("users:get", {
  given = { json = { data = { id = 5 } } },
  call = function(tp) return tp.users:get(5) end,
  sends = "GET /v3/users/5",
  result = { id = 5 },
})

one("users:delete", {
  given = { status = 200, body = "" },
  call = function(tp) return tp.users:delete("u-5") end,
  sends = "DELETE /v3/users/u-5",
})

one("a membership that is set goes before the session's", {
  given = { json = { data = json.array {} } },
  options = { membership_id = "M-2" },
  call = function(tp) return tp.sites:list() end,
  sends = "GET /v3/sites",
  headers = { ["tws-membership-id"] = "M-2" },
})

one("404 says what was looked for", {
  given = { status = 404, json = { error = "Not found" } },
  call = function(tp) return tp.work_sessions:decline("s-9") end,
  sends = "PUT /v3/work_sessions/s-9/decline",
  error = { kind = "not_found", service = "teleporte", operation = "work_sessions:decline",
    status = 404, message = "Not found", sent = "yes", attempts = 1 },
})

one("409 is refused", {
  given = { status = 409, json = { errors = { lock_ids = { "has a key already" } } } },
  call = function(tp)
    return tp.keys:assign { lock_ids = { 1 }, membership_ids = { "m" },
      start_date = "2025-04-15 10:00:00", end_date = "2025-04-15 12:00:00" }
  end,
  sends = "POST /v3/keys",
  body = '{"key":{"end_date":"2025-04-15 12:00:00","lock_ids":[1],"membership_ids":["m"],'
    .. '"start_date":"2025-04-15 10:00:00"}}',
  error = { kind = "refused", errors = { "lock_ids: has a key already" } },
})

case "a key whose answer is lost is of unknown outcome and issued once" {
  given = { clients.session, { cut = { at = "request", how = "reset" } } },
  call = function(listener)
    return clients.teleporte(listener).keys:assign { lock_ids = { 1 }, membership_ids = { "m" },
      start_date = "2025-04-15 10:00:00", end_date = "2025-04-15 12:00:00" }
  end,
  sends = { "POST /v3/sessions", "POST /v3/keys" },
  error = { kind = "unknown_outcome", sent = "unknown", retryable = false,
    hint = "look in Teleporte for keys of these locks: issuing again gives a second key" },
}
