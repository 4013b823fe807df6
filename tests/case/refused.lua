-- What is wrong is refused before anything is sent, and says what to correct.
local case = require "tests.case"
local clients = require "tests.clients"
local json = require "json"

local ANA = { id = "u-2", name = "Ana Silva", email = "ana.silva@example.com" }
local KEY = { lock_ids = { 1 }, membership_ids = { "m" },
  start_date = "2025-04-15 10:00:00", end_date = "2025-04-15 12:00:00" }

local function with(base, changes)
  local out = {}
  for key, value in pairs(base) do out[key] = value end
  for key, value in pairs(changes) do out[key] = value end
  return out
end

---@param name string of the client
---@param message string pattern
---@param f fun(client: table)
---@param kind? string
local function refused(name, message, f, kind)
  case(name .. " says: " .. message) {
    call = function(listener) return f(clients[name](listener)) end,
    sends = {},
    error = { kind = kind or "usage", message = message, sent = "no", attempts = 0 },
  }
end

local function tk(message, f) refused("ticketing", message, f) end
local function tp(message, f) refused("teleporte", message, f) end
local function tw(message, f) refused("teamworklive", message, f) end

tk('unknown parameter "statsu" %(did you mean "status"%?%)', function(c) c.tickets:list { statsu = 1 } end)
tk('unknown parameter "1"', function(c) c.tickets:list { "Open" } end)
tk("the parameters must be a table, not a string", function(c) c.tickets:list "Open" end)
tk('"timeout" is an option', function(c) c.tickets:list { timeout = 5 } end)
tk('unknown option "tiemout" %(did you mean "timeout"', function(c) c.tickets:list({}, { tiemout = 5 }) end)
tk("timeout must be a number", function(c) c.tickets:list({}, { timeout = "5" }) end)
tk("priority must be one of high, normal, low", function(c) c.tickets:list({}, { priority = "urgent" }) end)
tk("too many arguments", function(c) c.tickets:get("a", {}, {}) end)
tk("missing: ticket_id", function(c) c.tickets:get() end)
tk("missing: comment", function(c) c.tickets:comment "a" end)
tk("comment must not be empty", function(c) c.tickets:comment("a", "") end)
tk("missing: title, requestor", function(c) c.tickets:create {} end)
tk("requestor.email is missing", function(c) c.tickets:create { title = "x", requestor = { id = "1", name = "n" } } end)
tk('requestor: unknown field "mail"', function(c)
  c.tickets:create { title = "x", requestor = with(ANA, { mail = "x" }) }
end)
tk("assignee must be a table", function(c) c.tickets:update("a", { assignee = "Ana" }) end)
tk("user.name is missing", function(c) c.tickets:comment("a", "x", { user = { id = "1" } }) end)
tk("nothing to change", function(c) c.tickets:update("a", {}) end)
tk("missing: status", function(c) c.tickets:set_status("a", { comment = "x" }) end)
tk("priority must be one of Low, Medium, Important, Urgent", function(c)
  c.tickets:list { priority = "High" }
end)
tk("limit must be 1 to 1000, not 0", function(c) c.tickets:list { limit = 0 } end)
tk("limit must be 1 to 1000, not 1001", function(c) c.tickets:each { limit = 1001 } end)
tk("limit must be an integer, not a float", function(c) c.tickets:list { limit = 2.5 } end)
tk("timezone must be %-12 to 14, not 15", function(c) c.tickets:get("a", { timezone = 15 }) end)
tk('select%[1%] "id,title" must not contain ","', function(c) c.tickets:list { select = { "id,title" } } end)
tk('tags%[2%] "c_a,b" must not contain ","', function(c) c.tickets:list { tags = { "c_a", "c_a,b" } } end)
tk("expectedDate must be YYYY%-MM%-DD or ISO 8601", function(c) c.tickets:update("a", { expectedDate = "soon" }) end)
tk("createdAfter must be YYYY%-MM%-DD", function(c) c.tickets:list { createdAfter = "2026-01-01T00:00:00Z" } end)
tk("search must not contain CR, LF or NUL", function(c) c.tickets:list { search = "a\r\nb" } end)
tk("search must not contain CR, LF or NUL", function(c) c.tickets:list { search = "a\0b" } end)
tk("continuationToken must be visible ASCII", function(c) c.tickets:list { continuationToken = "a\r\nX: 1" } end)
tk("offset and continuationToken exclude each other", function(c)
  c.tickets:list { continuationToken = "a", offset = 5 }
end)
for _, id in ipairs { "", ".", "..", "a/b", "a\\b", "a\0b", "a\r\nb" } do
  tk("ticket_id .* is no id", function(c) c.tickets:get(id) end)
end
tk("ticket_id must be an integer or a string", function(c) c.tickets:get { id = 1 } end)
tk("ticket_id must be an integer or a string, not null", function(c) c.tickets:get(json.null) end)
tk("once must be a string, not a number", function(c) c.tickets:comment("a", "x", { once = 7 }) end)
tk("once must not be empty", function(c) c.tickets:comment("a", "x", { once = "" }) end)
tk("once must have at most 200 bytes", function(c) c.tickets:comment("a", "x", { once = ("k"):rep(201) }) end)
tk("once must be text without control", function(c) c.tickets:comment("a", "x", { once = "k\n" }) end)
tk("once must be text without control", function(c) c.tickets:comment("a", "x", { once = "k\xFF" }) end)
tk("once must not hold a secret", function(c) c.tickets:comment("a", "x", { once = "for-PRIMARY" }) end)
tk('option "once" is for writes only', function(c) c:request { path = "/x", once = "k" } end)
tk('option "once" is for writes only', function(c) c.tickets:get("a", { once = "k" }) end)
tk('has no "lst" %(did you mean "list"', function(c) c.tickets:lst() end)
tk("call it with a colon", function(c) c.tickets.get "a" end)
tk('has no "ticket" %(did you mean "tickets"', function(c) return c.ticket end)
tk("unknown field \"methd\" %(did you mean \"method\"", function(c) c:request { methd = "GET" } end)
tk("missing: path", function(c) c:request {} end)
tk("give json or body, not both", function(c) c:request { method = "POST", path = "/x", json = {}, body = "" } end)
tk("method must be one of", function(c) c:request { method = "TRACE", path = "/x" } end)
tk("must not contain CR, LF or NUL", function(c) c:request { path = "/x", headers = { ["X-A"] = "1\r\nB: 2" } } end)
tk("is no header", function(c) c:request { path = "/x", headers = { ["X A"] = "1" } } end)
tk("is set by siterun", function(c) c:request { path = "/x", headers = { Authorization = "x" } } end)
tk("must not contain CR, LF or NUL", function(c) c:request { path = "/x", query = { a = "1\n" } } end)
tk('empty, "." or ".." part', function(c) c:request { path = "/a/../../b" } end)

tp("end_date must be after start_date", function(c) c.keys:assign(with(KEY, { end_date = KEY.start_date })) end)
tp("start_date must be YYYY%-MM%-DD HH:MM:SS and exist", function(c)
  c.keys:assign(with(KEY, { start_date = "2025-02-30 10:00:00" }))
end)
tp("start_date must be YYYY", function(c) c.keys:assign(with(KEY, { start_date = "2025-04-15T10:00:00Z" })) end)
tp("lock_ids%[1%] must be an integer, not a string", function(c) c.keys:assign(with(KEY, { lock_ids = { "1" } })) end)
tp("lock_ids must be a list", function(c) c.keys:assign(with(KEY, { lock_ids = 143415 })) end)
tp("missing: lock_ids, membership_ids, start_date, end_date", function(c) c.keys:assign {} end)
tp('unknown parameter "lock_id" %(did you mean "lock_ids"', function(c) c.keys:assign(with(KEY, { lock_id = 1 })) end)
tp("tasks%[2%] must be a string", function(c) c.work_sessions:approve("a", { tasks = { "PDT", 2 } }) end)
tp("session_id .* is no id", function(c) c.work_sessions:decline ".." end)
tp("must be a string, number or boolean", function(c) c.work_sessions:list { a = { {} } } end)
tp("must not contain CR, LF or NUL", function(c) c.work_sessions:list { a = "b\r\nc" } end)
tp('has no "work_session" %(did you mean "work_sessions"', function(c) return c.work_session end)

tw('has an empty, "." or ".." part', function(c) c:get "clientcompanies/../admin" end)
tw('has an empty, "." or ".." part', function(c) c:get "clientcompanies/%2e%2e/admin" end)
tw("encoded separator", function(c) c:get "clientcompanies%2f..%2fadmin" end)
tw("is no path", function(c) c:get "http://evil.example/x" end)
tw("is no path", function(c) c:get "a\r\nb" end)
tw("is no path", function(c) c:delete "" end)
tw("missing: path", function(c) c:get() end)
tw("missing: body", function(c) c:post "projects" end)
tw("format must be one of json, xml", function(c) c:get("a", {}, { format = "yaml" }) end)
tw("record_id .* is no id", function(c) c:resource("projects"):get ".." end)
tw("missing: resource", function(c) c:resource() end)
tw("body must be a table or a string", function(c) c:post("projects", 5) end)
tw("NaN", function(c) c:post("projects", { a = 0 / 0 }) end)

case "a write without a user names the three variables" {
  call = function(listener)
    local settings = { url = listener.url, key = "PRIMARY" }
    return require("ticketing").connect(settings).tickets:comment("a", "x")
  end,
  sends = {},
  error = { kind = "config", sent = "no",
    message = "TICKETING_USER_ID, TICKETING_USER_NAME, TICKETING_USER_EMAIL" },
}

case "an unknown option of connect is refused" {
  call = function(listener) return clients.ticketing(listener, { kye = "x" }) end,
  error = { kind = "config", message = 'unknown option "kye".*did you mean "key"' },
}

case "an unknown field of user is refused" {
  call = function(listener) return clients.ticketing(listener, { user = { id = "1", nmae = "n", email = "e" } }) end,
  error = { kind = "config", message = 'user: unknown field "nmae" %(did you mean "name"' },
}

case "an address that does not end as it must is refused" {
  call = function(listener) return clients.teleporte(listener, { url = listener.url .. "/v2" }) end,
  error = { kind = "config", message = "/v3" },
}
