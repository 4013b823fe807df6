-- Sessions: one login for all, renewal, refusals, and what hostile answers do.
local account = require("c.account")
local json = require("json")
local peer = require("tests.peer")
local sandbox = require("tests.sandbox")
local secret = require("c.secret")
local t = require("tests.t")
local task = require("task")
local wire = require("siterun.wire")

local TOKEN = "tws_token.tws_token_data"
local folders = 0

---A folder of its own for what is shared.
local function folder()
  folders = folders + 1
  local path = ("%s/session-state%d"):format(t.scratch, folders)
  assert(os.execute("mkdir -m 700 " .. t.quote(path)))
  return path
end

local function open(url, o)
  o = o or {}
  return assert(account.new { service = "teleporte", url = url, state = o.state, limit = o.limit, auth = {
    kind = "session", path = "/sessions", username = o.username or "admin@example.com",
    password = secret.new(o.password or "PASS-WORD"), token = TOKEN,
    expires = { "tws_token.tws_token_expires_at", "tws_token_expires_at" },
    headers = o.headers or { { "tws-organization-token", secret.new("ORG-TOKEN") },
      { "tws-membership-id", from = "tws_memberships.1.id" } },
  } })
end

local function at(running, o)
  o = o or {}
  local vars = running.vars
  o.username, o.password = vars.TELEPORTE_USERNAME, o.password or vars.TELEPORTE_PASSWORD
  o.headers = { { "tws-organization-token", secret.new(vars.TELEPORTE_ORG_TOKEN) },
    { "tws-membership-id", from = "tws_memberships.1.id" } }
  return open(vars.TELEPORTE_URL, o)
end

local function get(a, path)
  return wire.send { account = a, method = "GET", path = path or "/work_sessions",
    headers = { { "Content-Type", "application/json" } } }
end

local function post(a, path)
  return wire.send { account = a, method = "POST", path = path or "/keys", write = true }
end

local function logins(running)
  return running:control("GET", "/counters").json.teleporte.logins
end

local function login(o)
  o = o or {}
  return { on = "POST /sessions", status = 201, times = o.times or 0, hold = o.hold, json = o.json or {
    tws_token = { tws_token_data = o.token or "TOKEN-1", tws_token_expires_at = o.expires },
    tws_memberships = { { id = "M-1" } } } }
end

local function count(record, target)
  local n = 0
  for _, request in ipairs(record.requests) do
    n = n + (request.target == target and 1 or 0)
  end
  return n
end

t.test("one login serves all tasks that wait for it", function()
  local listener <close> = peer.listen({}, { login { hold = "login" }, { times = 0 } })
  local a = open(listener.url)
  local calls = {}
  for i = 1, 30 do calls[i] = task.spawn(get, a) end
  task.sleep(0.02)
  listener:release("login")
  for _, call in ipairs(calls) do t.equal(call:join().status, 200) end
  local record = listener:record()
  t.equal({ count(record, "/sessions"), #record.requests }, { 1, 31 })
  local request = record.requests[2].headers
  t.equal({ request.authorization, request["tws-organization-token"], request["tws-membership-id"] },
    { "Bearer TOKEN-1", "ORG-TOKEN", "M-1" })
  request = record.requests[1]
  t.equal({ request.body, request.headers["content-type"], request.headers.authorization, request.headers["tws-organization-token"] },
    { '{"password":"PASS-WORD","username":"admin@example.com"}', "application/json" })
end)

t.test("one login serves all processes that start at once, and those that come later", function()
  local running <close> = sandbox.start("--tickets", "1")
  local state, out = folder(), t.scratch .. "/processes"
  local path = t.write(t.scratch .. "/login.lua", "print(#require('teleporte').connect().sites:list() > 0)")
  local variables = { "SITERUN_STATE=" .. t.quote(state) }
  for name, value in pairs(running.vars) do
    if name ~= "" then variables[#variables + 1] = name .. "=" .. t.quote(value) end
  end
  local line = ("export %s; for i in 1 2 3 4 5 6; do %s %s >%s.$i 2>&1 & done; wait"):format(
    table.concat(variables, " "), t.program, t.quote(path), out)
  assert(os.execute(line))
  for i = 1, 6 do t.equal(t.read(out .. "." .. i), "true\n") end
  assert(os.execute(line))
  t.equal(logins(running), 1)
end)

t.test("the shared file is 0600 and shows neither token nor password", function()
  local listener <close> = peer.listen({}, { login { token = "TOKEN-TO-BE-HIDDEN" }, { times = 0 } })
  local state = folder()
  get(open(listener.url, { state = state }))
  local pipe <close> = assert(io.popen("cd " .. t.quote(state) .. " && stat -c '%a %F' * && cat *"))
  local text = pipe:read("a")
  t.match(text, "^600 regular file\n600 regular file\n600 regular empty file\n")
  for _, hidden in ipairs { "TOKEN", "PASS", "M-1", "admin", "ORG" } do
    t.equal(text:find(hidden, 1, true), nil)
  end
  get(open(listener.url, { state = state }))
  t.equal(count(listener:record(), "/sessions"), 1)
end)

t.test("another password, user or organisation does not meet the stored session", function()
  local listener <close> = peer.listen({}, { login(), { times = 0 } })
  local state = folder()
  local header = { { "tws-organization-token", secret.new("OTHER-ORG") }, { "tws-membership-id", from = "tws_memberships.1.id" } }
  local fixed = { { "tws-organization-token", secret.new("ORG-TOKEN") }, { "tws-membership-id", "M-2" } }
  for i, o in ipairs { {}, { password = "OTHER-WORD" }, { username = "b@example.com" }, { headers = header }, { headers = fixed }, {} } do
    o.state = state
    get(open(listener.url, o))
    t.equal(count(listener:record(), "/sessions"), math.min(i, 5))
  end
  local requests = listener:record().requests
  t.equal(requests[#requests].headers["tws-membership-id"], "M-1")
end)

t.test("a stored session that was damaged costs a login and no more", function()
  local listener <close> = peer.listen({}, { login(), { times = 0 } })
  local state = folder()
  get(open(listener.url, { state = state }))
  assert(os.execute(("cd %s && for f in session-*; do case $f in *.lock) ;; *) echo damaged > $f;; esac; done"):format(t.quote(state))))
  t.equal(get(open(listener.url, { state = state })).status, 200)
  t.equal(get(open(listener.url, { state = state })).status, 200)
  t.equal(count(listener:record(), "/sessions"), 2)
end)

-- Without an expiry only a 401 tells; with one the session is renewed ahead of it.
local function live_through(place, form)
  local running <close> = sandbox.start("--tickets", "1", "--session", "2s", "--expires", place .. " " .. form)
  local a = at(running)
  t.equal({ get(a).status, get(a).status, logins(running) }, { 200, 200, 1 }, form)
  task.sleep(2)
  t.equal(get(a).status, 200)
  local refused = 0
  for _, item in ipairs(running:control("GET", "/requests").json.items) do
    refused = refused + (item.status == 401 and 1 or 0)
  end
  t.equal({ logins(running), refused }, { 2, form == "absent" and 1 or 0 }, place .. " " .. form)
end

t.test("the expiry in every place and form", function()
  local cases = {}
  for _, place in ipairs { "nested", "root" } do
    for _, form in ipairs { "iso", "iso_naive", "naive", "epoch", "epoch_ms", "absent" } do
      cases[#cases + 1] = { place, form }
    end
  end
  task.map(cases, function(case) live_through(table.unpack(case)) end, { limit = #cases })
end)

t.test("an expiry that is past, nonsense or null means until a 401", function()
  for _, expires in ipairs { "2001-01-01T00:00:00Z", "soon", json.null, -5, true, "" } do
    local listener <close> = peer.listen({}, { login { expires = expires }, { times = 0 } })
    local a = open(listener.url)
    get(a)
    t.equal({ get(a).status, count(listener:record(), "/sessions") }, { 200, 1 })
  end
end)

t.test("a session whose life is shorter than any wait still serves each call", function()
  local listener <close> = peer.listen({}, { login { expires = require("c.clock").now() + 0.001 }, { times = 0 } })
  local a = open(listener.url, { limit = { count = 2, window = 0.1 } })
  for _ = 1, 3 do t.equal(get(a).status, 200) end
  t.truthy(count(listener:record(), "/sessions") <= 3)
end)

t.test("a 401 in mid-life: one login, one repeat, of a write too", function()
  local listener <close> = peer.listen({}, { login { times = 1 }, { on = "GET /work_sessions" },
    { on = "POST /keys", status = 401 }, login { times = 1, token = "TOKEN-2" }, { on = "POST /keys", status = 201 } })
  local a = open(listener.url)
  get(a)
  local response = post(a)
  t.equal({ response.status, response.attempts }, { 201, 2 })
  local requests = listener:record().requests
  t.equal({ #requests, requests[3].headers.authorization, requests[5].headers.authorization },
    { 5, "Bearer TOKEN-1", "Bearer TOKEN-2" })
end)

t.test("20 tasks that get a 401 at once make one login", function()
  local running <close> = sandbox.start("--tickets", "1")
  local a = at(running)
  get(a)
  running:control("POST", "/expire")
  local list = {}
  for i = 1, 20 do list[i] = i end
  for _, response in ipairs(task.map(list, function() return (get(a)) end, { limit = 20 })) do
    t.equal({ response.status, response.attempts }, { 200, 2 })
  end
  t.equal(logins(running), 2)
end)

t.test("of two processes that share a session, one logs in after a 401 and the other takes it over", function()
  local running <close> = sandbox.start("--tickets", "1")
  local state = folder()
  local one, two = at(running, { state = state }), at(running, { state = state })
  get(one)
  get(two)
  running:control("POST", "/expire")
  t.equal({ get(one).status, get(two).status, logins(running) }, { 200, 200, 2 })
end)

t.test("a second 401 is an answer, and each call makes one repeat only", function()
  local listener <close> = peer.listen({}, { login(), { times = 0, status = 401 } })
  local a = open(listener.url)
  local response = get(a)
  t.equal({ response.status, response.attempts }, { 401, 2 })
  local record = listener:record()
  t.equal({ count(record, "/sessions"), count(record, "/work_sessions") }, { 2, 2 })
end)

t.test("a second 401 ends a recipe with exit 3", function()
  local listener <close> = peer.listen({}, { { on = "POST /v3/sessions", status = 201, times = 0, json = login().json },
    { times = 0, status = 401, json = { error = "no" } } })
  local path = t.write(t.scratch .. "/refused.lua", "require('teleporte').connect().sites:list()")
  local env = { TELEPORTE_URL = listener.url .. "/v3", TELEPORTE_ORG_TOKEN = "ORG", TELEPORTE_USERNAME = "a@b",
    TELEPORTE_PASSWORD = "PASS-WORD", SITERUN_STATE = folder() }
  local result = t.siterun { args = { path }, env = env }
  t.equal(result.code, 3)
  t.match(result.stderr, "teleporte sites:list: auth")
  t.equal(count(listener:record(), "/v3/sessions"), 2)
end)

t.test("a wrong password: three logins at most, then nothing is sent, and exit 3", function()
  local running <close> = sandbox.start("--tickets", "1")
  local env = { SITERUN_STATE = folder(), TELEPORTE_PASSWORD = "wrong-password" }
  for name, value in pairs(running.vars) do
    if name ~= "" and not env[name] then env[name] = value end
  end
  local path = t.write(t.scratch .. "/wrong.lua", [[
    local tp = require("teleporte").connect()
    for _ = 1, 10 do
      local ok, e = pcall(tp.sites.list, tp.sites)
      assert(not ok and e.kind == "auth" and e.sent == "no", e)
    end
    require("task").map({ 1, 2, 3, 4 }, function() tp.sites:list() end)]])
  local result = t.siterun { args = { path }, env = env }
  t.equal(result.code, 3, result.stderr)
  t.match(result.stderr, "3 logins failed or were refused")
  local items = running:control("GET", "/requests").json.items
  t.equal({ logins(running), #items }, { 3, 3 })
  t.equal(result.stderr:find("wrong-password", 1, true), nil)
end)

t.test("tasks that wait together fail together, after one refused login", function()
  local listener <close> = peer.listen({}, { { on = "POST /sessions", status = 401, times = 0, hold = "login",
    json = { error = "invalid_grant", error_description = "Wrong password" } } })
  local a = open(listener.url)
  local calls = {}
  for i = 1, 20 do calls[i] = task.spawn(function() return select(2, get(a)) end) end
  task.sleep(0.02)
  listener:release("login")
  for _, call in ipairs(calls) do
    local e = call:join()
    t.equal({ e.kind, e.sent, e.attempts }, { "auth", "no", 0 })
    t.match(e.message, "answered 401: Wrong password")
  end
  t.equal(#listener:record().requests, 1)
end)

local function token(text) return { json = { tws_token = { tws_token_data = text }, tws_memberships = { { id = "M" } } } } end

local HOSTILE = {
  ["HTML"] = { { body = "<html>" }, "decode", "no JSON" },
  ["nothing"] = { { body = "" }, "decode", "no JSON" },
  ["a list"] = { { json = json.array { 1 } }, "decode", "tws_token_data" },
  ["no token"] = { { json = { tws_memberships = { { id = "M" } } } }, "decode", "tws_token_data" },
  ["a token that is no text"] = { token(5), "decode", "tws_token_data" },
  ["an empty token"] = { token(""), "decode", "tws_token_data" },
  ["a token with CR LF"] = { token("a\r\nX: y"), "decode", "tws_token_data" },
  ["a token with NUL"] = { token("abc\0def"), "decode", "" },
  ["a token with another control character"] = { token("abc\1def"), "decode", "tws_token_data" },
  ["a huge token"] = { token(("x"):rep(70000)), "decode", "tws_token_data" },
  ["an id with LF"] = { { json = { tws_token = { tws_token_data = "TOKEN" }, tws_memberships = { { id = "M\n" } } } }, "decode", "memberships" },
  ["no membership"] = { { json = { tws_token = { tws_token_data = "TOKEN" }, tws_memberships = json.array {} } }, "decode", "memberships" },
  ["JSON that breaks off"] = { { body = '{"tws_token":{"tws_token_data":"TOK' }, "decode", "no JSON" },
  ["an answer that breaks off"] = { { body = '{"tws_to', length = 500, close = true }, "network", "" },
  ["a huge answer"] = { { ["repeat"] = { text = " ", times = 3000000 } }, "decode", "over the limit" },
  ["deep nesting"] = { { ["repeat"] = { text = "[", times = 500000 } }, "decode", "no JSON" },
  ["a reset"] = { { cut = { at = "request" } }, "network", "" },
  ["a redirect"] = { { status = 302, headers = { Location = "https://evil.example/" } }, "decode", "302" },
  ["403 in HTML"] = { { status = 403, body = "<html>" }, "auth", "403: no reason given" },
  ["500"] = { { status = 500, json = { message = "broken" } }, "server", "500: broken" },
}

for what, case in pairs(HOSTILE) do
  t.test("a login answered with " .. what, function()
    case[1].times = 0
    local listener <close> = peer.listen({}, { case[1] })
    local a = open(listener.url, { state = folder() })
    local response, e = post(a)
    t.equal({ response, e.kind, e.sent, e.attempts }, { nil, case[2], "no", 0 })
    t.match(e.message, case[3])
    t.equal(e.message:find("PASS-WORD", 1, true), nil)
    t.equal(#listener:record().requests, 1)
  end)
end

t.test("a login that is told to wait waits, and is repeated", function()
  local refusal = { on = "POST /sessions", status = 429, headers = { ["Retry-After"] = "0.2" } }
  local listener <close> = peer.listen({}, { refusal, login(), { times = 0 } })
  local started = require("c.clock").monotonic()
  t.equal(get(open(listener.url)).status, 200)
  t.truthy(require("c.clock").monotonic() - started >= 0.2)
  t.equal(#listener:record().requests, 3)
end)

t.test("a login that is told to wait for too long says for how long", function()
  local listener <close> = peer.listen({}, { { on = "POST /sessions", status = 429, headers = { ["Retry-After"] = "901" } } })
  local a = open(listener.url)
  for _ = 1, 2 do
    local _, e = get(a)
    t.equal({ e.kind, e.sent }, { "rate_limited", "no" })
    t.truthy(e.retry_after > 890 and e.retry_after <= 901.1, e.retry_after)
  end
  t.equal(#listener:record().requests, 1)
end)

t.test("logins take slots of the account's limit", function()
  local listener <close> = peer.listen({}, { login(), { times = 0 } })
  local a = open(listener.url, { limit = { count = 10, window = 60 } })
  get(a)
  t.equal(a:limits().used, 2)
end)

t.test("a call that is cancelled while it waits for the login leaves the others alone", function()
  local listener <close> = peer.listen({}, { login { hold = "login" }, { times = 0 } })
  local a = open(listener.url)
  local one, two = task.spawn(get, a), task.spawn(get, a)
  task.sleep(0.02)
  one:cancel()
  listener:release("login")
  t.equal(two:join().status, 200)
  local record = listener:record()
  t.equal({ count(record, "/sessions"), #record.requests }, { 1, 2 })
end)

t.test("tokens are redacted wherever they turn up", function()
  local listener <close> = peer.listen({}, { login { token = "TOKEN-THAT-COMES-BACK" }, { status = 400 } })
  local response = get(open(listener.url), "/x?echo=TOKEN-THAT-COMES-BACK")
  t.match(response.url, "echo=%*%*%*$")
end)
