---Writes whose answer was lost: found out at the service or settled by hand, and what follows.
local journal = require("tests.journal")
local json = require("c.json")
local sandbox = require("tests.sandbox")
local t = require("tests.t")
local terminal = require("tests.terminal")

local USER = 'local ana = { id = "a", name = "Ana", email = "ana@example.com" }\n'
  .. 'local tk, tp = require("ticketing").connect(), require("teleporte").connect()\n'

local folders = 0

---A sandbox with these faults, and a journal of its own.
local function start(...)
  local options = { "--tickets", "60", "--limit", "ticketing=none" }
  for _, fault in ipairs { ... } do
    options[#options + 1] = "--fault"
    options[#options + 1] = fault
  end
  local sb = sandbox.start(table.unpack(options))
  folders = folders + 1
  sb.vars.SITERUN_STATE = ("%s/reconcile%d"):format(t.scratch, folders)
  sb.vars[""] = nil
  sb.vars.TICKETING_LIMIT = "10000/1s"
  return sb
end

local function run(sb, code, ...)
  return t.siterun { args = { "-e", USER .. code, ... }, env = sb.vars }
end

local function siterun(sb, ...)
  return t.siterun { args = { ... }, env = sb.vars }
end

---Without the wait for a service that shows a write late.
local function settle(sb, ...)
  return siterun(sb, "reconcile", "--all", "--min-age", "0s", ...)
end

local function unknown_ids(sb)
  local ids = {}
  for id in siterun(sb, "journal", "--outcome", "unknown").stdout:gmatch("!%s*(%d+)") do
    ids[#ids + 1] = id
  end
  return ids
end

local function pending(sb)
  for _, session in ipairs(sb:tp("GET", "/work_sessions").json.data) do
    if session.status == 0 then return session.id end
  end
end

local function requests(sb, method, path)
  local n = 0
  for _, item in ipairs(sb:control("GET", "/requests").json.items) do
    if item.method == method and item.path:find(path, 1, true) then n = n + 1 end
  end
  return n
end

local function count(sb, title)
  return sb:tk("GET", "/tickets?title=" .. title).json.itemCount
end

---Each: the fault's route, the call, and whether a second try is seen at the service.
local CALLS = {
  { name = "a created ticket", route = "ticketing POST /tickets",
    call = 'tk.tickets:create({ title = "Lost", requestor = ana }, { once = "k" })' },
  { name = "an update", route = "ticketing PUT /tickets/{id}",
    call = [[local id = tk.tickets:list({ limit = 1 }).items[1].id
      tk.tickets:update(id, { title = "Lost", priority = "Urgent", expectedDate = "2031-05-06",
        description = "d", requestor = ana, customFields = { Site = "Lost" },
        tags = { { tagCategoryId = tk.tags:list()[1].id, text = "generator" } } },
        { once = "k" })]] },
  { name = "a status", route = "ticketing PUT /tickets/{id}/status",
    id = function(sb) return sb:tk("GET", "/tickets?status=Open").json.items[1].id end,
    call = [[tk.tickets:set_status("%s", { status = "Resolved", comment = "c" }, { once = "k" })]] },
  { name = "a comment", route = "ticketing POST /tickets/{id}/comments",
    call = [[local id = tk.tickets:list({ limit = 1 }).items[1].id
      tk.tickets:comment(id, "Lost and found", { once = "k" })]] },
  { name = "an approval", id = pending, route = "teleporte PUT /work_sessions/{id}/approve",
    call = [[tp.work_sessions:approve("%s", { ticket_number = "7", tasks = { "PDT" } },
      { once = "k" })]] },
  { name = "a refusal", id = pending, cuts = 0, route = "teleporte PUT /work_sessions/{id}/decline",
    call = [[tp.work_sessions:decline("%s", { once = "k" })]] },
}

-- An answer without a body can't be cut short.
local FAULTS = { { "lost", "done" }, { "drop", "not done" }, { "truncate", "done" } }

for _, case in ipairs(CALLS) do
  for _, what in ipairs(table.move(FAULTS, 1, 2 + (case.cuts or 1), 1, {})) do
    t.test(case.name .. " that is " .. what[1] .. " is found " .. what[2], function()
      local sb <close> = start(("%s %s 1 1"):format(case.route, what[1]))
      local call = case.call:format(case.id and case.id(sb))
      t.equal(run(sb, call).code, 7)
      local blocked = run(sb, call)
      t.equal(blocked.code, 7)
      t.match(blocked.stderr, "siterun reconcile %d")
      local report = siterun(sb, "reconcile")
      t.equal(report.code, 7)
      t.match(report.stdout, "      " .. what[2] .. ": .*take that with: siterun reconcile %d+, or %-%-all")
      local settled = settle(sb)
      t.equal({ settled.code, settled.stderr }, { 0, "" })
      t.match(settled.stdout, "settled: " .. what[2])
      t.equal(unknown_ids(sb), {})
      t.equal(run(sb, call).code, 0, "the key is free, or answers")
      t.equal(siterun(sb, "journal", "--verify").code, 0)
    end)
  end
end

t.test("a created ticket that is found answers its key, and is made once", function()
  local sb <close> = start("ticketing POST /tickets lost 1 1")
  local create = 'print(tk.tickets:create({ title = "Lost", requestor = ana }, { once = "k" }).id)'
  t.equal(run(sb, create).code, 7)
  t.equal(settle(sb).code, 0)
  local ticket = sb:tk("GET", "/tickets?title=Lost").json.items[1]
  local again = run(sb, create)
  t.equal({ again.code, again.stdout }, { 0, ticket.id .. "\n" })
  t.equal(count(sb, "Lost"), 1)
end)

t.test("a created ticket is found behind many that came after it, and not behind older ones", function()
  local sb <close> = start("ticketing POST /tickets lost 1 1")
  local got = run(sb, [[
    local create = require("ticketing").declaration.by_name["tickets:create"]
    local settle, entries = require "siterun.journal.settle", require "siterun.journal.entries"
    local ticket = { title = "Lost", requestor = ana }
    print(pcall(tk.tickets.create, tk.tickets, ticket))
    local list = {}
    for i = 1, 230 do list[i] = { title = "After " .. i, requestor = ana } end
    require("task").map(list, function(one) tk.tickets:create(one) end, { limit = 16 })
    create.settle.query = { create.settle.query[2] } -- as where the search does not see it
    local entry = entries.get(2)
    print(settle.look(tk, entry).text)
    entry.request.ticket.description = "[siterun 0123456789abcdef]"
    print(settle.look(tk, entry).text)]])
  t.match(got.stdout, "one with its mark is there\nnone with its mark is there\n$", got.stderr)
  local lists = 0
  for _, item in ipairs(sb:control("GET", "/requests").json.items) do
    lists = lists + (item.method == "GET" and 1 or 0)
  end
  t.equal(lists, 6, "3 pages twice, no older ones")
end)

t.test("a ticket without a mark can't be looked up", function()
  local sb <close> = start("ticketing POST /tickets lost 1 1")
  local got = run(sb, [[require("ticketing").connect { reference = false }.tickets:create {
    title = "Lost", requestor = ana }]])
  t.equal(got.code, 7)
  t.equal(sb:tk("GET", "/tickets?title=Lost").json.items[1].description, nil)
  local report = settle(sb)
  t.equal(report.code, 7)
  t.match(report.stdout, "nothing says how to look this up\n.*%-%-done %d+, or %-%-not%-done %d")
end)

local KEYS = [[tp.keys:assign({ lock_ids = { tp.sites:locks(tp.sites:list()[1].id)[1].id },
  membership_ids = { "%s" }, start_date = "2031-01-01 10:00:00",
  end_date = "2031-01-01 12:00:00" }, { once = "keys" })]]

for flag, word in pairs { ["--done"] = "done", ["--not-done"] = "not done" } do
  t.test("keys are settled by hand: " .. flag, function()
    local sb <close> = start("teleporte POST /keys lost 1 1")
    local call = KEYS:format(sb:tp("GET", "/work_sessions").json.data[1].membership_id)
    t.equal(run(sb, call).code, 7)
    t.equal(settle(sb).code, 7)
    local id = unknown_ids(sb)[1]
    local settled = siterun(sb, "reconcile", flag, id)
    t.equal(settled.code, 0)
    t.match(settled.stdout, "settled: " .. word)
    t.equal(requests(sb, "POST", "/keys"), 1)
    t.equal(run(sb, call).code, 0)
    t.equal(requests(sb, "POST", "/keys"), flag == "--done" and 1 or 2)
    t.match(siterun(sb, "reconcile", flag, id).stdout, "not unknown: " .. word)
  end)
end

t.test("an equal comment that is known to be another one does not count", function()
  local sb <close> = start()
  local comment = 'tk.tickets:comment(tk.tickets:list({ limit = 1 }).items[1].id, "On my way")'
  t.equal(run(sb, comment).code, 0)
  for _, what in ipairs { "drop", "lost", "drop" } do
    sb:control("POST", "/fault", { json = {
      fault = ("ticketing POST /tickets/{id}/comments %s 1 1"):format(what) } })
    t.equal(run(sb, comment).code, 7)
    t.match(settle(sb).stdout, "settled: " .. (what == "lost" and "done" or "not done"))
  end
end)

t.test("what a session's state alone does not tell is said", function()
  local sb <close> = start("teleporte PUT /work_sessions/{id}/approve lost 1 1",
    "teleporte PUT /work_sessions/{id}/decline lost 1 1")
  local blind = "done: it is open no more; the service says neither by whom nor whether it was approved"
  for _, call in ipairs { "approve", "decline" } do
    t.equal(run(sb, ("tp.work_sessions:%s(%q)"):format(call, pending(sb))).code, 7)
    t.match(settle(sb).stdout, blind)
  end
  t.equal(run(sb, ('tp.work_sessions:approve(%q, { ticket_number = "7" })'):format(pending(sb))).code, 0)
end)

t.test("an approval that somebody else made otherwise is left to a person", function()
  local sb <close> = start("teleporte PUT /work_sessions/{id}/approve drop 1 1")
  local id = pending(sb)
  t.equal(run(sb, ('tp.work_sessions:approve(%q, { ticket_number = "7" })'):format(id)).code, 7)
  sb:tp("PUT", "/work_sessions/" .. id .. "/approve",
    { json = { options = { ticket_number = "8" } } })
  local report = settle(sb)
  t.equal(report.code, 7)
  t.match(report.stdout, "unclear: it is open no more, but not as this write leaves it")
end)

t.test("what is not seen so soon after it was sent is looked up again", function()
  local sb <close> = start("ticketing POST /tickets drop 1 1")
  local reads = requests(sb, "GET", "/tickets")
  t.equal(run(sb, 'tk.tickets:create { title = "Late", requestor = ana }').code, 7)
  local waiting = journal.spawn({ env = sb.vars }, "reconcile", "--all", "--min-age", "4s")
  journal.wait_for("the look-up", function() return requests(sb, "GET", "/tickets") == reads + 2 end)
  local id = unknown_ids(sb)[1]
  sb:tk("POST", "/tickets", { json = json.decode(siterun(sb, "journal", "show", id, "--json").stdout).request })
  local settled = waiting:wait()
  t.match(settled.output, "none with its mark is there so far; waits %d s and looks again")
  t.match(settled.output, "settled: done")
end)

t.test("what is not seen yet is shown as such, and left alone", function()
  local sb <close> = start("ticketing POST /tickets drop 1 1")
  t.equal(run(sb, 'tk.tickets:create { title = "Late", requestor = ana }').code, 7)
  local shown = siterun(sb, "reconcile", "--min-age", "1h")
  t.equal(shown.code, 7)
  t.match(shown.stdout, "not done: none with its mark is there so far %(it is %d+ s old%)")
  t.equal(#unknown_ids(sb), 1)
end)

t.test("a service that can't be asked leaves it open", function()
  local sb <close> = start("ticketing POST /tickets lost 1 1")
  t.equal(run(sb, 'tk.tickets:create { title = "Lost", requestor = ana }').code, 7)
  local key = sb.vars.TICKETING_READ_KEY
  sb.vars.TICKETING_READ_KEY = "wrong-key"
  local report = settle(sb)
  t.equal(report.code, 7)
  t.match(report.stdout, "the service can't be asked: .*401")
  sb.vars.TICKETING_READ_KEY, sb.vars.TICKETING_URL = key, "https://elsewhere.example/v1"
  t.match(settle(sb).stdout, "it went to another address than https://e")
end)

t.test("a write that stalls past its time is found", function()
  local sb <close> = start("ticketing POST /tickets stall 1 1")
  local call = 'tk.tickets:create({ title = "Stalled", requestor = ana }, { timeout = 0.5 })'
  t.equal(run(sb, call).code, 7)
  t.match(settle(sb).stdout, "settled: not done")
  t.equal(count(sb, "Stalled"), 0)
end)

t.test("on a terminal it asks, and leaves what is not answered", function()
  local sb <close> = start("ticketing POST /tickets lost 1 1", "teleporte POST /keys lost 1 1")
  t.equal(run(sb, 'tk.tickets:create { title = "Lost", requestor = ana }').code, 7)
  local keys = KEYS:format(sb:tp("GET", "/work_sessions").json.data[1].membership_id)
  t.equal(run(sb, keys).code, 7)
  do
    local screen <close> = terminal.with(sb.vars, "reconcile")
    screen:wait("one with its mark is there\n.*settle it as done%? %[y/n%]")
    screen:enter("n", "nothing says how to look this up\n.*was it done%?")
    t.match(screen:enter("", "exit code 7"), "2 of unknown outcome left")
  end
  local screen <close> = terminal.with(sb.vars, "reconcile")
  screen:wait("settle it as done%?")
  screen:enter("y", "settled: done\n.*was it done%?")
  t.match(screen:enter("n", "exit code 0"), "settled: not done")
end)

local refused = {
  { { "--done" }, "need the ID" },
  { { "--done", "--not-done", "1" }, "exclude each other" },
  { { "--all", "1" }, "not both" },
  { { "4711" }, "no write 4711" },
  { { "x" }, "no write x" },
  { { "--don", "1" }, "unknown option %-%-don.*did you mean" },
}

t.test("what makes no sense is refused", function()
  local env = { SITERUN_STATE = t.scratch .. "/reconcile-empty" }
  for _, case in ipairs(refused) do
    local got = t.siterun { args = { "reconcile", table.unpack(case[1]) }, env = env }
    t.equal(got.code, 2)
    t.match(got.stderr, case[2])
  end
  local nothing = t.siterun { args = { "reconcile" }, env = env }
  t.equal({ nothing.code, nothing.stderr }, { 0, "siterun: no outcome is unknown\n" })
end)
