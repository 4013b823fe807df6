---What a write leaves in the journal, and what the journal answers. In this process, against the
---scripted peer.
local clients = require("tests.clients")
local journal = require("siterun.journal")
local json = require("c.json")
local peer = require("tests.peer")
local t = require("tests.t")
local task = require("task")

local WHO = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
local TICKET = { title = "Door", requestor = WHO }
local CREATED = { on = "POST /v1/tickets", status = 201, json = { item = { id = "t-1", ticketNo = 7 } } }

---Records that came after the `seq`.
local function since(seq)
  local list = {}
  for record in journal.each { after_seq = seq } do
    record.body = journal.content(record)
    list[#list + 1] = record
  end
  return list
end

local function newest()
  local last = journal.last {}
  return last and last.seq or 0
end

---Runs f with a Ticketing client of a peer with these replies.
---@return table[] records that it left
---@return table record of the peer
local function play(replies, f)
  local listener <close> = peer.listen({}, replies)
  local before = newest()
  f(clients.ticketing(listener), listener)
  return since(before), listener:record()
end

local function outcome_of(records)
  for i = #records, 1, -1 do
    if records[i].kind == "outcome" then return records[i] end
  end
end

local function kinds(records)
  local list = {}
  for _, record in ipairs(records) do
    if record.kind ~= "run" then list[#list + 1] = record.kind end
  end
  return table.concat(list, " ")
end

t.test("a write leaves its intent and its outcome with the answer; the run is named", function()
  local records = play({ CREATED }, function(tk) tk.tickets:create(TICKET) end)
  t.equal(kinds(records), "intent outcome")
  local intent, outcome = records[#records - 1], records[#records]
  t.equal({ intent.service, intent.operation, intent.once }, { "ticketing", "tickets:create", nil })
  t.equal({ intent.body.method, intent.body.occurrence }, { "POST", 1 })
  t.match(intent.body.url, "^http://127.0.0.1:%d+/v1/tickets%?timezone=0$")
  t.equal(json.decode(intent.body.body).ticket.title, "Door")
  t.equal({ outcome.intent, outcome.outcome, outcome.body.status }, { intent.seq, "done", 201 })
  t.equal(json.decode(outcome.body.body).item.ticketNo, 7)
  local run = journal.last { kind = "run", run = intent.run }
  t.equal(journal.content(run).pid, require("c.identity").self().pid)
end)

t.test("the intent is there while the request is on its way, the outcome is not", function()
  local held = { on = "POST /v1/tickets", status = 201, json = CREATED.json, hold = "intent" }
  play({ held }, function(tk, listener)
    local before = newest()
    local call = task.spawn(function() return tk.tickets:create(TICKET) end)
    while #listener:record().requests == 0 do task.sleep(0.005) end
    t.equal(kinds(since(before)), "intent")
    listener:release("intent")
    call:join()
    t.equal(kinds(since(before)), "intent outcome")
  end)
end)

t.test("reads are not recorded", function()
  local records = play({ { json = { item = { id = "a" } } } }, function(tk) tk.tickets:get("a") end)
  t.equal(records, {})
end)

for name, case in pairs({
  ["a refusal"] = { { status = 400, json = { message = "no" } }, "refused", "refused" },
  ["a 404"] = { { status = 404 }, "refused", "not_found" },
  ["a failure of the service"] = { { status = 500 }, "unknown", "server" },
  ["a redirect"] = { { status = 302, headers = { Location = "/x" } }, "unknown", "server" },
  ["a lost answer"] = { { cut = { at = "request", how = "reset" } }, "unknown", "unknown_outcome" },
  ["an answer without a ticket"] = { { status = 201, body = "" }, "unknown", "unknown_outcome" },
  ["an answer that is no JSON"] = { { status = 200, body = "{" }, "unknown", "unknown_outcome" },
  ["a refusal inside of a 200"] = { { json = { error = true, statusCode = 422 } }, "refused", "refused" },
}) do
  t.test(name .. " is recorded as " .. case[2], function()
    local records = play({ case[1] }, function(tk)
      t.raises(function() tk.tickets:create(TICKET) end, case[3])
    end)
    local outcome = outcome_of(records)
    t.equal({ outcome.outcome, outcome.body.error.kind }, { case[2], case[3] })
  end)
end

t.test("without a connection nothing was sent", function()
  local tk = clients.ticketing({ url = "http://127.0.0.1:1" })
  local before = newest()
  local e = t.raises(function() tk.tickets:create(TICKET, { timeout = 0.5, once = "gone" }) end)
  t.equal(e.sent, "no")
  t.equal(outcome_of(since(before)).outcome, "not_sent")
end)

t.test("a write that is cut off while it waits for its turn leaves nothing, and its key free", function()
  local listener <close> = peer.listen({}, { CREATED, CREATED })
  local tk = clients.ticketing(listener, { limit = "1/60s", key = "ONE-A-MINUTE" })
  tk.tickets:create(TICKET)
  local before = newest()
  t.raises(function()
    task.timeout(0.05, function() tk.tickets:create(TICKET, { once = "waits" }) end)
  end, "timeout")
  t.equal(since(before), {})
  clients.ticketing(listener).tickets:create(TICKET, { once = "waits" })
  t.equal(kinds(since(before)), "intent outcome")
end)

t.test("a write that is cut off on its way is of unknown outcome, and its key blocked", function()
  local held = { on = "POST /v1/tickets", hold = "never" }
  local records, record = play({ held, CREATED }, function(tk, listener)
    t.raises(function()
      task.timeout(0.2, function() tk.tickets:create(TICKET, { once = "cut" }) end)
    end, "unknown_outcome")
    listener:wait { requests = 1 }
    while not outcome_of(since(newest() - 1)) do task.sleep(0.005) end
    local e = t.raises(function() tk.tickets:create(TICKET, { once = "cut" }) end, "unknown_outcome")
    t.match(tostring(e), "siterun reconcile %d+$")
  end)
  t.equal({ outcome_of(records).outcome, #record.requests }, { "unknown", 1 })
end)

t.test("a write where nothing can yield is recorded as well", function()
  local records = play({ CREATED, CREATED }, function(tk)
    table.sort({ 2, 1 }, function(a, b)
      tk.tickets:create(TICKET)
      return a < b
    end)
  end)
  t.equal(kinds(records):sub(1, 14), "intent outcome")
end)

-- ---- once ----

t.test("a key sends once; the answer is the same from then on", function()
  local _, record = play({ CREATED }, function(tk)
    local first = tk.tickets:create(TICKET, { once = "door" })
    t.equal(tk.tickets:create(TICKET, { once = "door" }), first)
  end)
  t.equal(#record.requests, 1)
end)

t.test("the same key with other content is refused, saying what differs", function()
  local _, record = play({ CREATED }, function(tk)
    tk.tickets:create(TICKET, { once = "differs" })
    local other = { title = "Gate", requestor = WHO }
    local e = t.raises(function() tk.tickets:create(other, { once = "differs" }) end, "usage")
    t.match(tostring(e), 'body.ticket.title was "Door", now "Gate"')
    e = t.raises(function() tk.tickets:comment("a", "x", { once = "differs" }) end, "usage")
    t.match(tostring(e), 'operation was "tickets:create", now "tickets:comment"')
  end)
  t.equal(#record.requests, 1)
end)

t.test("a refused write frees its key", function()
  local _, record = play({ { status = 400, on = "POST /v1/tickets" }, CREATED }, function(tk)
    t.raises(function() tk.tickets:create(TICKET, { once = "again" }) end, "refused")
    t.equal(tk.tickets:create(TICKET, { once = "again" }).id, "t-1")
  end)
  t.equal(#record.requests, 2)
end)

t.test("a write that was refused and had no time to be repeated frees its key", function()
  local listener <close> = peer.listen({},
    { { status = 429, on = "POST /v1/tickets", headers = { ["Retry-After"] = "0" } } })
  local tk = clients.ticketing(listener, { limit = "1/60s" })
  t.raises(function() tk.tickets:create(TICKET, { once = "late", deadline = 20 }) end, "deadline")
  t.equal(require("journal").list({ once = "late" })[1].outcome, "refused")
  t.equal(#listener:record().requests, 1)
end)

t.test("tasks that use one key at the same time send once", function()
  local held = { on = "POST /v1/tickets", status = 201, json = CREATED.json, hold = "same" }
  local _, record = play({ held }, function(tk, listener)
    local calls = {}
    for i = 1, 4 do
      calls[i] = task.spawn(function() return tk.tickets:create(TICKET, { once = "same" }).id end)
    end
    while #listener:record().requests == 0 do task.sleep(0.005) end
    listener:release("same")
    for i = 1, 4 do t.equal(calls[i]:join(), "t-1") end
  end)
  t.equal(#record.requests, 1)
end)

t.test("any write of any client takes a key", function()
  local listener <close> = peer.listen({}, { { json = { id = 12 }, status = 201 }, { status = 204 } })
  local tw = clients.teamworklive(listener)
  for _ = 1, 2 do
    t.equal(tw:post("clientcompanies", { name = "N" }, { once = "post" }).id, 12)
    t.equal(tw:request { method = "DELETE", path = "/x/12", once = "delete" }.status, 204)
  end
  t.equal(#listener:record().requests, 2)
end)

t.test("an answer in XML and Latin-1 is answered again as it came", function()
  local listener <close> = peer.listen({}, { { status = 201, headers = { ["Content-Type"] = "text/xml" },
    bytes = '<?xml version="1.0" encoding="ISO-8859-1"?><company><name>Caf\u{E9}</name></company>' } })
  local tw = clients.teamworklive(listener)
  local first = tw:request({ method = "POST", path = "/c.xml", body = "<a/>" }, { once = "latin" })
  local again = tw:request({ method = "POST", path = "/c.xml", body = "<a/>" }, { once = "latin" })
  t.equal(#first.body, #again.body)
  t.equal(again.body, first.body)
end)

-- ---- secrets ----

t.test("no secret is in the journal's files", function()
  local key = "TOP-SECRET-KEY"
  local listener <close> = peer.listen({}, { { on = "POST /v1/tickets", status = 201,
    json = { item = { id = key, note = { key } } } }, { status = 400, body = key } })
  local tk = clients.ticketing(listener, { key = key })
  tk.tickets:create({ title = "my key is " .. key, requestor = WHO })
  t.raises(function() tk:request { method = "POST", path = "/x", query = { q = key } } end)
  t.raises(function() tk.tickets:comment("a", "x", { once = key }) end, "usage")
  require("journal").note("it is " .. key)
  local folder = require("siterun.config").state_dir()
  for _, name in ipairs { "journal.db", "journal.db-wal" } do
    t.equal(t.read(folder .. "/" .. name):find(key, 1, true), nil, name)
  end
  t.equal(#listener:record().requests, 2)
end)
