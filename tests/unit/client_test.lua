-- Clients against the sandbox, in the program as users run it.
local peer = require "tests.peer"
local t = require "tests.t"

local function run(code, option)
  return t.siterun { args = { "--sandbox", option or "--color=never", "-e", code } }
end

local function lines(code)
  local got = run(code)
  t.equal(got.stderr, "")
  t.equal(got.code, 0)
  return got.stdout
end

t.test("a ticket lives from its creation to its resolution", function()
  local out = lines [[
    local tk = require("ticketing").connect()
    local ana = { id = "a", name = "Ana", email = "ana@example.com" }
    local made = tk.tickets:create { title = "No power", requestor = ana,
      customFields = { Site = "MTS-014", ["Kind of work"] = "Repair" } }
    tk.tickets:update(made.id, { priority = "Urgent" })
    tk.tickets:comment(made.id, "On my way")
    tk.tickets:set_status(made.id, { status = "Resolved", resolution = "fixed" })
    local read = tk.tickets:get(made.id)
    print(read.title, read.priority, read.status, #tk.tickets:activities(made.id) > 0)]]
  t.equal(out, "No power\tUrgent\tResolved\ttrue\n")
end)

t.test("all pages of five thousand tickets come once each", function()
  local out = lines [[
    local seen, count = {}, 0
    for ticket in require("ticketing").connect().tickets:each { limit = 500 } do
      assert(not seen[ticket.id])
      seen[ticket.id], count = true, count + 1
    end
    print(count)]]
  t.equal(out, "5000\n")
end)

t.test("a session is approved and keys are issued and revoked", function()
  local out = lines [[
    local tp = require("teleporte").connect()
    local session = tp.work_sessions:list()[1]
    local keys = tp.keys:assign { lock_ids = { session.lock.id },
      membership_ids = { session.user.membership_id },
      start_date = "2099-04-15 10:00:00", end_date = "2099-04-15 12:00:00", ticket_number = "S-1" }
    print(#keys, math.type(keys[1].id), tp.keys:revoke(keys[1].id))
    print(#tp.sites:all() > 0, tp.locks:status(session.lock.id).id == session.lock.id)]]
  t.equal(out, "1\tinteger\tnil\ntrue\ttrue\n")
end)

t.test("records of TeamWork Live are made, read, changed and deleted", function()
  local out = lines [[
    local companies = require("teamworklive").connect():resource("clientcompanies")
    local made = companies:create { name = "Northern Power" }
    companies:update(made.id, { name = "Northern Power Ltd" })
    print(companies:get(made.id).name)
    companies:delete(made.id)
    print(pcall(companies.get, companies, made.id))]]
  t.match(out, "^Northern Power Ltd\nfalse\tteamworklive resource:get: not_found %(HTTP 404%)")
end)

t.test("a dry run prints writes, sends reads and goes on with stand-ins", function()
  local got = run([[
    local tk = require("ticketing").connect()
    local ana = { id = "a", name = "Ana", email = "ana@example.com" }
    local made = tk.tickets:create { title = "No power", requestor = ana, customFields = { Site = "M" } }
    tk.tickets:set_status(made.id, { status = "Resolved" })
    local read = tk.tickets:get(made.id)
    print(made.id, read.title, read.status, #tk.tickets:activities(made.id))
    print(#tk.tickets:list { search = "No power", limit = 1 }.items)]], "--dry-run")
  t.equal(got.code, 0)
  t.match(got.stdout, "^dry%-run%-1\tNo power\tResolved\t0\n")
  t.match(got.stderr, "^dry%-run: POST http://127[^\n]*/tickets%?timezone=0 {\"ticket\":{[^\n]*}\n"
    .. "dry%-run: PUT http://127[^\n]*/tickets/dry%-run%-1/status%?timezone=0 {[^\n]*}\n$")
end)

t.test("a dry run shows writes to other services too", function()
  local listener <close> = peer.listen({}, { { json = { up = true } } })
  local done = t.siterun { args = { "--dry-run", "-e", ([[
    local http = require "http"
    print(http.post("%s/hook", { query = { to = "noc" }, json = { text = "x" } }).status)
    print(http.get("%s/state").json.up)]]):format(listener.url, listener.url) } }
  t.equal({ done.code, done.stdout, done.stderr }, { 0, "200\ntrue\n",
    ("dry-run: POST %s/hook?to=noc {\"text\":\"x\"}\n"):format(listener.url) })
  t.equal(#listener:record().requests, 1)
  done = t.siterun { args = { "--dry-run", "-e", [[require("http").post "ftp://x.example/"]] } }
  t.equal(done.code, 2)
  t.match(done.stderr, "http POST: usage: the scheme ftp is refused")
end)

t.test("a dry run changes nothing", function()
  local out = run([[
    local tp = require("teleporte").connect()
    local before = tp.work_sessions:list()
    for _, s in ipairs(before) do tp.work_sessions:decline(s.id) end
    local after = tp.work_sessions:list()
    for i, s in ipairs(after) do assert(s.status == before[i].status) end
    require("teamworklive").connect():request { method = "DELETE", path = "/clientcompanies/1.json" }
    print(require("teamworklive").connect():get("clientcompanies/1").id)]], "--dry-run")
  t.equal(out.stdout, "1\n")
end)

t.test("clients of one account share its limit", function()
  local out = lines [[
    local a, b = require("ticketing").connect(), require("ticketing").connect()
    a.tags:list() b.tags:list()
    print(a:limits().used, b:limits().used, a:limits().limit, a:limits().window)]]
  t.equal(out, "2\t2\t100\t60.0\n")
end)

t.test("an uncaught error ends the run with its code and one line", function()
  local got = run [[require("ticketing").connect().tickets:get("nobody")]]
  t.equal(got.code, 4)
  t.match(got.stderr, "^siterun: [^\n]*ticketing tickets:get: not_found %(HTTP 404%)[^\n]*check the id")
  t.equal(run([[require("ticketing").connect().tickets:list { statsu = 1 }]]).code, 2)
end)

t.test("missing settings name their variables and end with 3", function()
  local env = { HOME = t.scratch, XDG_CONFIG_HOME = t.scratch }
  for _, name in ipairs { "TICKETING_URL", "TICKETING_KEY", "TICKETING_REGION" } do env[name] = false end
  local got = t.siterun { args = { "-e", 'require("ticketing").connect()' }, env = env }
  t.equal(got.code, 3)
  t.match(got.stderr, "TICKETING_URL.*TICKETING_REGION.*TICKETING_KEY")
end)

t.test("no error shows the key", function()
  local got = t.siterun { args = { "-e",
    [[local tk = require("ticketing").connect { url = "http://127.0.0.1:1", key = "hunter2hunter2" }
      local ok, e = pcall(tk.tickets.get, tk.tickets, "hunter2hunter2")
      print(e.kind, tostring(e), e.url, e.message)]] } }
  t.match(got.stdout, "^network\t")
  t.truthy(not (got.stdout .. got.stderr):find("hunter2", 1, true), got.stdout)
end)
