---Runs as processes of their own: keys over runs, races, kills, resuming, a journal that fails.
local journal = require("tests.journal")
local json = require("c.json")
local t = require("tests.t")

local WRITES = journal.recipe(journal.WRITES)

local HELD = journal.recipe [[
local tk = require("ticketing").connect()
local who = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
io.stdout:setvbuf("no")
print(tk.tickets:create({ title = "write held", requestor = who }, { once = arg[1] }).ticketNo)
]]

local function count(sb)
  return #journal.tickets(sb)
end

local function posts(sb)
  local found = 0
  for _, request in ipairs(sb:control("GET", "/requests").json.items) do
    found = found + (request.method == "POST" and 1 or 0)
  end
  return found
end

---Starts HELD with this key and waits until its write is at the service, which never answers.
local function hang(sb, key)
  local before = posts(sb)
  sb:control("POST", "/fault", { json = { fault = "ticketing POST /tickets stall 1 1" } })
  local run = journal.spawn(sb, HELD, key)
  journal.wait_for("the write", function() return posts(sb) > before end)
  return run
end

t.test("an unknown outcome is told at the end, also of a run that caught the error", function()
  local sb <close> = journal.start(nil, "--fault", "ticketing POST /tickets lost 1")
  local caught = journal.recipe [[
local tk = require("ticketing").connect()
local who = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
for i = 1, tonumber(arg[1]) do
  pcall(tk.tickets.create, tk.tickets, { title = "caught " .. i, requestor = who })
end
]]
  local told = "siterun: the outcome of %s of this run is unknown: siterun reconcile\n"
  t.equal(journal.run(sb, caught, "2"), { code = 0, stdout = "", stderr = told:format("2 writes") })
  t.equal(journal.run(sb, caught, "1").stderr, told:format("one write"))
  t.equal(journal.run(sb, "--quiet", caught, "1").stderr, "")
  t.equal(journal.run(sb, "reconcile", "--all").stderr, "")
end)

t.test("a key that another run has done is answered, nothing is sent", function()
  local sb <close> = journal.start()
  local first = journal.run(sb, WRITES, "a", "3", "once")
  t.equal({ first.code, first.stderr }, { 0, "" })
  t.equal(journal.run(sb, WRITES, "a", "3", "once"), first)
  t.equal(count(sb), 3)
end)

t.test("processes that race for the same keys send each once", function()
  local sb <close> = journal.start()
  local racers = {}
  for i = 1, 3 do racers[i] = journal.spawn(sb, WRITES, "race", "40", "once") end
  local first = racers[1]:wait()
  t.equal(first.code, 0, first.output)
  for i = 2, 3 do t.equal(racers[i]:wait(), first) end
  for title, times in pairs(journal.titles(sb)) do t.equal(times, 1, title) end
  t.equal(count(sb), 40)
end)

t.test("a key in flight in a dead process is of unknown outcome until it is settled", function()
  local sb <close> = journal.start()
  local held = hang(sb, "dead")
  held:kill("KILL")
  t.equal(held:wait().code, 137)
  local run = journal.run(sb, HELD, "dead")
  t.equal(run.code, 7)
  t.match(run.stderr, "unknown_outcome: once = \"dead\" was begun .* siterun reconcile %d+\n")
  journal.settle(sb)
  run = journal.run(sb, HELD, "dead")
  t.equal({ run.code, count(sb) }, { 0, 1 }, run.stderr)
end)

t.test("a key in flight in a live process is waited for", function()
  local sb <close> = journal.start()
  local held = hang(sb, "live")
  local waiting = journal.spawn(sb, "--deadline", "1s", HELD, "live")
  local ended = waiting:wait()
  t.equal(ended.code, 6, ended.output)
  t.match(ended.output, "deadline: the key \"live\" is held by a call under way")
  held:kill("KILL")
  held:wait()
end)

t.test("Ctrl-C leaves a write on its way unknown and the run interrupted", function()
  local sb <close> = journal.start()
  local held = hang(sb, "interrupt")
  held:kill("INT")
  t.equal(held:wait().code, 130)
  local records = journal.records(sb.env.SITERUN_STATE)
  t.equal({ records[3].kind, records[3].outcome }, { "outcome", "unknown" })
  t.equal({ records[4].kind, records[4].body.state }, { "end", "interrupted" })
end)

t.test("os.exit and errors end the run in the journal, with their codes", function()
  local sb <close> = journal.start()
  local write = [[local tk = require("ticketing").connect()
    tk.tickets:create { title = "write x", requestor = { id = "u", name = "n", email = "e@x.org" } } ]]
  journal.run(sb, journal.recipe(write .. "os.exit(3)"))
  journal.run(sb, journal.recipe(write .. "error('x')"))
  journal.run(sb, journal.recipe(write .. "os.exit(true, true)"))
  journal.run(sb, journal.recipe(write .. "os.exit(0, false)"))
  local ends = {}
  for _, record in ipairs(journal.records(sb.env.SITERUN_STATE)) do
    if record.kind == "end" then ends[#ends + 1] = record.body.state .. record.body.code end
  end
  t.equal(ends, { "failed3", "failed1", "done0", "done0" })
end)

-- ---- resume ----

---A run of 20 writes that was killed while the tenth or a later one was under way.
local function killed(sb, path)
  local fault = "ticketing POST /tickets stall 1 1"
  local before = journal.run(sb, path, "r", "9")
  t.equal(before.code, 0, before.stderr)
  sb:control("POST", "/fault", { json = { fault = fault } })
  local run = journal.spawn(sb, path, "r2", "20")
  journal.wait_for("all but the held write", function() return count(sb) == 28 end)
  run:kill("KILL")
  run:wait()
end

t.test("resume answers what was done from the journal and sends the rest", function()
  local sb <close> = journal.start()
  killed(sb, WRITES)
  local run = journal.run(sb, "resume")
  t.equal(run.code, 7, run.stderr)
  t.equal({ journal.settle(sb) }, { 0, 1 })
  run = journal.run(sb, "resume")
  t.equal({ run.code, count(sb) }, { 0, 29 }, run.stderr)
  t.equal(#{ run.stdout:match(("(%d+) "):rep(19) .. "(%d+)\n") }, 20)
  for title, times in pairs(journal.titles(sb)) do t.equal(times, 1, title) end
  run = journal.run(sb, "resume")
  t.equal({ run.code, run.stderr }, { 0, "siterun: there is no interrupted run\n" })
end)

t.test("a write that was retried and done in the run is not sent again", function()
  local sb <close> = journal.start()
  local path = journal.recipe [[
    local tk = require("ticketing").connect()
    local who = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
    local ticket = { title = "write once", requestor = who }
    if not pcall(tk.tickets.create, tk.tickets, ticket) then tk.tickets:create(ticket) end
    if arg[1] ~= "" then
      require("task").spawn(function() tk.tickets:create { title = "write b", requestor = who } end):join()
    end
    print "done"]]
  sb:control("POST", "/fault", { json = { fault = "ticketing POST /tickets 400 1 1" } })
  local run = journal.run(sb, path, "")
  t.equal(run.code, 0)
  -- As if it had been killed before its end was recorded.
  t.equal(journal.outcomes(sb.env.SITERUN_STATE), { [2] = "refused", [4] = "done" })
  os.execute(("sqlite3 %s/journal.db \"UPDATE record SET body='{\\\"state\\\":\\\"interrupted\\\",\\\"code\\\":130}' WHERE kind='end'\"")
    :format(sb.env.SITERUN_STATE))
  run = journal.run(sb, "resume")
  t.equal({ run.code, run.stdout, count(sb) }, { 0, "done\n", 1 }, run.stderr)
end)

t.test("one process at a time goes on with a run", function()
  local sb <close> = journal.start()
  killed(sb, WRITES)
  journal.settle(sb)
  local before = posts(sb)
  sb:control("POST", "/fault", { json = { fault = "ticketing POST /tickets stall 1 1" } })
  local first = journal.spawn(sb, "resume")
  journal.wait_for("the write", function() return posts(sb) > before end)
  local second = journal.run(sb, "resume")
  t.equal({ second.code, second.stdout }, { 2, "" })
  t.match(second.stderr, "is being resumed by another process")
  first:kill("KILL")
  first:wait()
  journal.settle(sb)
  t.equal(journal.run(sb, "resume").code, 0)
  t.equal(count(sb), 29)
end)

t.test("resume refuses a changed script unless told, and runs that can't be made again", function()
  local sb <close> = journal.start()
  local path = journal.recipe(journal.WRITES)
  killed(sb, path)
  journal.settle(sb)
  t.write(path, journal.WRITES .. "\nprint 'changed'")
  local run = journal.run(sb, "resume")
  t.equal(run.code, 2)
  t.match(run.stderr, "has changed since; %-%-changed%-ok runs it as it is now")
  run = journal.run(sb, "resume", "--changed-ok")
  t.equal({ run.code, count(sb) }, { 0, 29 }, run.stderr)
  t.match(run.stdout, "changed\n$")
end)

t.test("resume says why code of the command line and of standard input can't run again", function()
  local sb <close> = journal.start()
  local code = journal.WRITES:gsub("arg%[1%]", "'e'"):gsub("arg%[2%]", "1"):gsub("arg%[3%]", "nil")
  journal.run(sb, "-e", code .. " error 'stop'")
  t.siterun { args = { "-" }, stdin = code .. " error 'stop'", env = sb.env }
  local ids = {}
  for _, record in ipairs(journal.records(sb.env.SITERUN_STATE)) do
    if record.kind == "run" then ids[#ids + 1] = record.run end
  end
  t.match(journal.run(sb, "resume", ids[1]).stderr, "can't be resumed: it ran code of the command line")
  t.match(journal.run(sb, "resume", ids[2]).stderr, "can't be resumed: its script came from standard input")
  t.equal(journal.run(sb, "resume", ids[2]).code, 2)
end)

t.test("resume refuses a run that is alive, and finds nothing to do for one that is done", function()
  local sb <close> = journal.start()
  local held = hang(sb, "alive")
  local id = journal.records(sb.env.SITERUN_STATE)[1].run
  local run = journal.run(sb, "resume", id)
  t.equal(run.code, 2)
  t.match(run.stderr, "is still running %(process %d+%)")
  held:kill("KILL")
  held:wait()
  journal.run(sb, WRITES, "done", "1")
  local records = journal.records(sb.env.SITERUN_STATE)
  run = journal.run(sb, "resume", records[#records].run)
  t.equal(run.code, 0)
  t.match(run.stderr, "nothing to resume: run .* is done")
  t.match(journal.run(sb, "resume", "20260101T000000Z-000000").stderr, "knows no run")
end)

t.test("a run of an earlier boot is over, whoever has its process's number", function()
  local sb <close> = journal.start()
  local held = hang(sb, "boot")
  local form = [[unshare %s -m sh -ec 'echo other > %s; mount --bind %s /proc/sys/kernel/random/boot_id
    exec %s "$@"' sh]]
  local root = io.popen("id -u"):read("n") == 0
  local id = journal.folder() .. "/boot_id"
  local listed = t.siterun { program = form:format(root and "" or "-r", id, id, t.program),
    args = { "journal", "runs" }, env = sb.env }
  if listed.code == 0 then
    t.match(listed.stdout, " killed\n$")
  else
    print("# nothing can be mounted here: " .. listed.stderr)
  end
  t.match(journal.run(sb, "journal", "runs").stdout, " running\n$")
  held:kill("KILL")
  held:wait()
end)

t.test("resume without a run says which others there are, and which failed", function()
  local sb <close> = journal.start()
  local failing = journal.recipe(journal.WRITES .. " error 'stop'")
  t.equal(journal.run(sb, failing, "f", "1").code, 1)
  local run = journal.run(sb, "resume")
  t.equal({ run.code, run.stdout }, { 0, "" })
  t.match(run.stderr, "^siterun: there is no interrupted run; of those that failed you can go on with:\n"
    .. "  siterun resume (%S+)  %(recipe.lua of %d[%d: -]+, failed %(1%)%)\n$")
  for _, key in ipairs { "one", "two" } do
    local held = hang(sb, key)
    held:kill("KILL")
    held:wait()
  end
  journal.settle(sb)
  run = journal.run(sb, "resume")
  t.equal(run.code, 0)
  t.match(run.stderr, "^siterun: goes on with run %S+; interrupted too:\n  siterun resume %S+  %(recipe.lua "
    .. "of [%d: -]+, killed%)\n$")
  t.equal(journal.run(sb, "resume").stderr, "")
  t.equal(count(sb), 3)
end)

t.test("a resumed run has the arguments, options and folder of the first", function()
  local sb <close> = journal.start()
  local path = journal.recipe [[
    local tk = require("ticketing").connect()
    tk.tickets:create { title = "write a", requestor = { id = "u", name = "n", email = "e@x.org" } }
    local settings = require "siterun.settings"
    print(arg[0], arg[1], arg[2], ..., settings.quiet, io.open("here.txt"):read("a"), json.encode { 1 })
    os.exit(arg[3] == "x" and 6)]]
  local folder = journal.folder()
  t.write(folder .. "/here.txt", "here")
  local first = t.siterun { args = { "--quiet", "-l", "json", path, "a b", "", "x" }, dir = folder, env = sb.env }
  t.equal(first.code, 6, first.stderr)
  local again = journal.run(sb, "resume")
  t.equal({ again.code, again.stdout }, { 6, first.stdout }, again.stderr)
  t.equal(count(sb), 1)
end)

-- ---- the command ----

t.test("siterun journal lists, shows, filters; unknown ones stand out", function()
  local sb <close> = journal.start()
  journal.run(sb, WRITES, "list", "2", "once")
  local held = hang(sb, "lost")
  held:kill("KILL")
  held:wait()
  local list = journal.run(sb, "journal")
  t.match(list.stdout, "^      2  %d+%-%d%d%-%d%d %d%d:%d%d:%d%d  %S+@%S+ +recipe.lua +done %(201%) +ticketing tickets:create POST %S+/tickets  once=write list")
  t.match(list.stdout, "\n! +%d+ [^\n]+ UNKNOWN [^\n]+once=lost\n$")
  t.match(list.stderr, "1 of unknown outcome %(marked !%): siterun reconcile")
  local function ids(...)
    local found = {}
    for line in journal.run(sb, "journal", "--json", ...).stdout:gmatch("[^\n]+") do
      found[#found + 1] = json.decode(line).id
    end
    table.sort(found)
    return found
  end
  local all = ids()
  t.equal(#all, 3)
  local number = json.decode(journal.run(sb, "journal", "show", tostring(all[1]), "--json").stdout)
    .answer.item.ticketNo
  t.equal(ids("--ticket", tostring(number)), { all[1] })
  t.equal(ids("--outcome", "unknown"), { all[3] })
  t.equal(ids("--once", "lost"), { all[3] })
  t.equal(ids("--service=teleporte"), {})
  t.equal(#ids("--operation", "tickets:create", "--since", "1h", "--until", "2099-01-01"), 3)
  t.equal(ids("--until", "2020-01-01 12:00"), {})
  local runs = journal.run(sb, "journal", "runs").stdout
  t.match(runs, "   2 writes  done\n.*   1 write   killed\n$")
  t.match(journal.run(sb, "journal", "show", tostring(all[3])).stdout, "outcome     unknown\n")
end)

t.test("what concerns a ticket is found by its number and by its id", function()
  local sb <close> = journal.start()
  local run = journal.run(sb, journal.recipe [[
    local tk, tp = require("ticketing").connect(), require("teleporte").connect()
    local who = { id = "u", name = "n", email = "e@x.org" }
    local ticket = tk.tickets:create { title = "write a", requestor = who }
    tk.tickets:comment(ticket.id, "on it")
    tk.tickets:create { title = "write b", requestor = who }
    for _, session in ipairs(tp.work_sessions:list()) do
      if session.status == 0 then
        tp.work_sessions:approve(session.id, { ticket_number = tostring(ticket.ticketNo) })
        break
      end
    end
    require("journal").note { ticket_number = ticket.ticketNo, battery = "changed" }
    print(ticket.id, ticket.ticketNo)]])
  t.equal(run.code, 0, run.stderr)
  for name in run.stdout:gmatch("%S+") do
    local found = {}
    for line in journal.run(sb, "journal", "--json", "--ticket", name).stdout:gmatch("[^\n]+") do
      local entry = json.decode(line)
      found[#found + 1] = entry.operation or entry.kind
    end
    t.equal(found, { "tickets:create", "tickets:comment", "work_sessions:approve", "note" })
  end
end)

for _, case in ipairs {
  { { "--since", "yesterday" }, "since: \"yesterday\" is no day" },
  { { "--until", "2026-02-30" }, "until: \"2026%-02%-30\" is no day" },
  { { "--outcome", "unknwon" }, "did you mean \"unknown\"" },
  { { "--sevice", "x" }, "unknown option %-%-sevice %(did you mean \"service\"" },
  { { "--run", "123456" }, "knows no run" },
  { { "prune" }, "needs %-%-older AGE" },
  { { "prune", "--older", "soon" }, "\"soon\" is no age" },
  { { "show" }, "takes one ID" },
  { { "show", "x" }, "is no number of a write" },
  { { "show", "77" }, "has no write 77" },
  { { "rnus" }, "there are show, runs, prune" },
} do
  t.test("siterun journal refuses " .. table.concat(case[1], " "), function()
    local sb = { env = { SITERUN_STATE = journal.folder() } }
    local run = journal.run(sb, "journal", table.unpack(case[1]))
    t.equal({ run.code, run.stdout }, { 2, "" }, run.stderr)
    t.match(run.stderr, case[2])
  end)
end

t.test("siterun journal --verify finds a change; prune keeps what is left whole", function()
  local sb <close> = journal.start()
  journal.run(sb, WRITES, "verify", "3")
  t.match(journal.run(sb, "journal", "--verify").stdout, "^8 records, none changed")
  t.match(journal.run(sb, "journal", "prune", "--older", "400d").stdout, "^0 records removed\n")
  local db = sb.env.SITERUN_STATE .. "/journal.db"
  os.execute(("sqlite3 %s 'UPDATE record SET service=\"x\" WHERE seq = 3'"):format(db))
  local run = journal.run(sb, "journal", "--verify")
  t.equal({ run.code, run.stdout }, { 1, "" })
  t.match(run.stderr, "record 3 was changed")
end)

---How often a run of so many writes at the same time waits for a disk whose syncs take 30 ms: so long
-- that all answers are there before the first of them is recorded.
local function syncs(sb, path, writes)
  local to = journal.folder() .. "/strace"
  local slow = "strace -f -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=30000 -o %s %s"
  local run = t.siterun { program = slow:format(to, t.program),
    args = { path, "s" .. writes, tostring(writes) }, env = sb.env }
  t.equal(run.code, 0, run.stderr)
  return select(2, t.read(to):gsub("sync%(", ""))
end

-- LeakSanitizer does not work under ptrace.
if not t.sanitized then
  t.test("a write costs one sync: that of its outcome is shared with the next one", function()
    local sb <close> = journal.start()
    local path = journal.recipe((journal.WRITES:gsub("limit = 4", "limit = 1")))
    journal.run(sb, path, "first", "1")
    local one, many = syncs(sb, path, 1), syncs(sb, path, 20)
    print(("# syncs: %d for one write, %d for 20 one after another"):format(one, many))
    t.truthy(many <= one + 34, "not two for each")
  end)

  t.test("32 writes at the same time cost at most 3 syncs more than one", function()
    local sb <close> = journal.start()
    local path = journal.recipe((journal.WRITES:gsub("limit = 4", "limit = 32")))
    journal.run(sb, path, "first", "1")
    local one, many = syncs(sb, path, 1), syncs(sb, path, 32)
    print(("# syncs: %d for one write, %d for 32"):format(one, many))
    t.truthy(many <= one + 3, "at most three more")
  end)
end
