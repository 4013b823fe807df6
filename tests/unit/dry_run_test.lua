---`--dry-run`: reads go out, writes are shown and answered by stand-ins, nothing is recorded.
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local folders = 0

local function start()
  local sb = sandbox.start("--tickets", "60", "--limit", "ticketing=none")
  folders = folders + 1
  sb.vars.SITERUN_STATE = ("%s/dry%d"):format(t.scratch, folders)
  sb.vars[""] = nil
  return sb
end

local HEAD = 'local ana = { id = "a", name = "Ana", email = "ana@example.com" }\n'
  .. 'local tk, tp, tw = require("ticketing").connect(), require("teleporte").connect(), '
  .. 'require("teamworklive").connect()\n'

local function run(sb, code)
  local got = t.siterun { args = { "--dry-run", "-e", HEAD .. code }, env = sb.vars }
  t.equal(got.code, 0, got.stderr)
  return got
end

local function requests(sb)
  local reads, writes = 0, 0
  for _, item in ipairs(sb:control("GET", "/requests").json.items) do
    if item.method == "GET" then
      reads = reads + 1
    elseif not item.path:find("/sessions$") then
      writes = writes + 1
    end
  end
  return reads, writes
end

t.test("every kind of write is shown and none is sent", function()
  local sb <close> = start()
  local got = run(sb, [[
    local id = tk.tickets:list({ limit = 1 }).items[1].id
    local session = tp.work_sessions:list()[1]
    tk.tickets:update(id, { title = "x" })
    tk.tickets:comment(id, "c")
    tp.work_sessions:approve(session.id, { ticket_number = "1" })
    tp.work_sessions:decline(session.id)
    tp.keys:assign { lock_ids = { 1, 2 }, membership_ids = { "m" },
      start_date = "2031-01-01 10:00:00", end_date = "2031-01-01 12:00:00" }
    tp.keys:revoke(7)
    tw:post("clientcompanies", { name = "n" })
    tw:resource("clientcompanies"):update(1, { name = "m" })
    tw:delete("clientcompanies/1")
    tk:request { method = "POST", path = "/tickets", json = { a = 1 } }]])
  local shown = {}
  for method, path in got.stderr:gmatch("dry%-run: (%u+) http://[%d.:]+([^?%s]*)") do
    shown[#shown + 1] = method .. " " .. path:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "ID")
  end
  t.equal(shown, {
    "PUT /ticketing/v1/tickets/ID", "POST /ticketing/v1/tickets/ID/comments",
    "PUT /teleporte/v3/work_sessions/ID/approve", "PUT /teleporte/v3/work_sessions/ID/decline",
    "POST /teleporte/v3/keys", "DELETE /teleporte/v3/keys/7",
    "POST /teamworklive/clientcompanies.json", "PUT /teamworklive/clientcompanies/1.json",
    "DELETE /teamworklive/clientcompanies/1.json", "POST /ticketing/v1/tickets",
  })
  t.equal({ requests(sb) }, { 2, 0 })
end)

t.test("stand-ins are read, listed and changed like what they stand for", function()
  local sb <close> = start()
  local got = run(sb, [[
    local made = tk.tickets:create { title = "A", requestor = ana }
    tk.tickets:update(made.id, { title = "B" })
    print(tk.tickets:get(made.id).title, made.ticketNo, #tk.tickets:activities(made.id))
    local keys = tp.keys:assign { lock_ids = { 1, 2 }, membership_ids = { "m", "n" },
      start_date = "2031-01-01 10:00:00", end_date = "2031-01-01 12:00:00" }
    print(#keys, keys[1].id ~= keys[4].id)]])
  t.equal(got.stdout, "B\tdry-run-1.ticketNo\t0\n4\ttrue\n")
  t.equal({ requests(sb) }, { 0, 0 })
end)

t.test("nothing is recorded, and no key is taken", function()
  local sb <close> = start()
  local create = 'tk.tickets:create({ title = "Keyed", requestor = ana }, { once = "k" })'
  local note = 'require("journal").note "x" require("journal").once("o", function() print "ran" end)'
  t.equal(run(sb, create .. note).stdout, "")
  local journal = t.siterun { args = { "journal" }, env = sb.vars }
  t.equal(journal.stdout, "")
  local real = t.siterun { args = { "-e", HEAD .. create }, env = sb.vars }
  t.equal(real.code, 0, real.stderr)
  t.equal({ requests(sb) }, { 0, 1 })
end)

t.test("a dry run needs no place for its state", function()
  local sb <close> = start()
  sb.vars.SITERUN_STATE, sb.vars.HOME, sb.vars.XDG_STATE_HOME = false, false, false
  run(sb, 'tk.tickets:create { title = "A", requestor = ana }')
end)

t.test("secrets are hidden in what is shown", function()
  local sb <close> = start()
  local got = run(sb, ('tk.tickets:comment("a", "the key is %s")'):format(sb.vars.TICKETING_KEY))
  t.match(got.stderr, '"comment":"the key is %*%*%*"')
  t.equal(got.stderr:find(sb.vars.TICKETING_KEY, 1, true), nil)
end)
