---A journal that can't be written or read: a clear error before anything is sent, from each command.
local journal = require("tests.journal")
local t = require("tests.t")

local WRITES = journal.recipe(journal.WRITES)

local COMMANDS = { { WRITES, "never", "2" }, { WRITES, "never", "2", "once" }, { "resume" },
  { "reconcile", "--all" }, { "journal" }, { "journal", "runs" }, { "journal", "--verify" },
  { "journal", "prune", "--older", "1d" } }

---Runs each command with the state that `prepare` leaves; each must end with 3 and say why.
local function refuses(sb, program, pattern)
  local before = #journal.tickets(sb)
  for _, args in ipairs(COMMANDS) do
    local run = t.siterun { program = program, args = args, env = sb.env }
    local note = table.concat(args, " ") .. ": " .. run.stdout .. run.stderr
    t.equal(run.code, 3, note)
    t.match(run.stderr, pattern)
    t.truthy(args[1] ~= WRITES or run.stderr:find("; nothing was sent", 1, true), note)
  end
  t.equal(#journal.tickets(sb), before)
end

---A sandbox and a journal that holds a run of 20 writes, under keys.
local function start()
  local sb = journal.start()
  t.equal(journal.run(sb, WRITES, "before", "20", "once").code, 0)
  return sb
end

---Runs siterun where the state is on a small disk of its own, after `change` (of the shell, in the
---state folder) was made to that.
local function on_small_disk(change)
  local form = [[unshare %s -m sh -ec 'cp -a "$SITERUN_STATE" "$SITERUN_STATE.copy"
    mount -t tmpfs -o size=4m,mode=700 none "$SITERUN_STATE"
    cp -a "$SITERUN_STATE.copy/." "$SITERUN_STATE"; rm -rf "$SITERUN_STATE.copy"
    cd "$SITERUN_STATE"; %s; cd /; exec %s "$@"' sh]]
  local root = io.popen("id -u"):read("n") == 0
  return form:format(root and "" or "-r", change, t.program)
end

---@return string? program nil where this system lets nobody have a disk
local function small_disk(sb, change)
  local program = on_small_disk(change)
  local run = t.siterun { program = program, args = { "--version" }, env = sb.env }
  if run.code == 0 then return program end
  print("# no small disk here: " .. run.stderr)
end

for name, case in pairs {
  ["a full disk"] = { "(dd if=/dev/zero of=fill bs=4k || true) 2>/dev/null",
    "config: .*free some space on the disk" },
  ["a read-only disk"] = { 'cd /; mount -o remount,ro "$SITERUN_STATE"',
    "config: cannot open .*: Read%-only file system" },
} do
  t.test(name .. " stops everything before anything is sent", function()
    local sb <close> = start()
    local program = small_disk(sb, case[1])
    if program then refuses(sb, program, case[2]) end
    t.equal(journal.run(sb, "journal", "--verify").code, 0)
  end)
end

t.test("a disk that fills up while a write is on its way leaves that unknown", function()
  local sb <close> = start()
  -- Room for what the processes share, for the run and the intent, not for the outcome.
  local program = small_disk(sb, "(dd if=/dev/zero of=fill bs=4k || true) 2>/dev/null; "
    .. "truncate -s -60k fill")
  if not program then return end
  local run = t.siterun { program = program, args = { WRITES, "filled", "1" }, env = sb.env }
  t.match(tostring(run.code), "^[37]$", run.stderr)
  t.equal(run.code == 7, journal.titles(sb)["write filled 1"] == 1)
  t.match(run.stderr, run.code == 7 and "the service answered HTTP 201, but the journal could not be written"
    or "nothing was sent")
end)

local function damage(sb, command)
  assert(os.execute(("cd %s && %s"):format(t.quote(sb.env.SITERUN_STATE), command)))
end

local DAMAGED = "config: .*it is damaged: keep a copy and move it away"

for name, case in pairs {
  ["a truncated file"] = { "truncate -s 20000 journal.db", DAMAGED },
  ["a file with an overwritten beginning"] = {
    "dd if=/dev/zero of=journal.db bs=4096 count=1 conv=notrunc 2>/dev/null", DAMAGED },
  ["a file that is no journal"] = { "rm journal.db*; seq 5000 > journal.db", DAMAGED },
  ["the database of another program"] = {
    "rm journal.db*; sqlite3 journal.db 'CREATE TABLE t (a); PRAGMA user_version = 1'", DAMAGED },
  ["a journal of a later version"] = { "sqlite3 journal.db 'PRAGMA user_version = 99'",
    "config: .*is of a later version of siterun" },
  ["a folder in its place"] = { "rm journal.db*; mkdir journal.db", "config: cannot open the journal" },
} do
  t.test(name .. " stops everything before anything is sent", function()
    local sb <close> = start()
    damage(sb, case[1])
    refuses(sb, nil, case[2])
  end)
end

t.test("a journal without the ends of its chain takes no write, and --verify says so", function()
  local sb <close> = start()
  damage(sb, "sqlite3 journal.db 'DELETE FROM chain'")
  local run = journal.run(sb, WRITES, "never", "2")
  t.equal({ run.code, #journal.tickets(sb) }, { 3, 20 }, run.stderr)
  t.match(run.stderr, "config: .*has lost the ends of its chain %(it is damaged.*; nothing was sent")
  t.match(journal.run(sb, "journal", "--verify").stderr, "has lost the ends of its chain")
end)

t.test("keys that can't be found are a damage", function()
  local sb <close> = start()
  local root = io.popen(("sqlite3 %s/journal.db \"SELECT rootpage FROM sqlite_schema WHERE name = "
    .. "'record_once'\""):format(sb.env.SITERUN_STATE)):read("n")
  damage(sb, ("dd if=/dev/zero of=journal.db bs=4096 seek=%d count=1 conv=notrunc 2>/dev/null")
    :format(root - 1))
  local run = journal.run(sb, WRITES, "before", "2", "once")
  t.equal({ run.code, #journal.tickets(sb) }, { 3, 20 }, run.stderr)
  t.match(run.stderr, DAMAGED)
  t.truthy(journal.run(sb, "journal", "--verify").code ~= 0)
end)

for name, change in pairs {
  ["is removed"] = "rm -r %s",
  ["is put aside"] = "mv %s/journal.db %s/aside.db",
} do
  t.test("a journal that " .. name .. " during a run takes no further write", function()
    local sb <close> = start()
    local recipe = journal.recipe [[
local tk = require("ticketing").connect()
local who = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
tk.tickets:create { title = "write before", requestor = who }
os.execute(arg[1])
tk.tickets:create { title = "write after", requestor = who }
]]
    local run = journal.run(sb, recipe, (change:gsub("%%s", sb.env.SITERUN_STATE)))
    t.equal({ run.code, #journal.tickets(sb) }, { 3, 21 }, run.stderr)
    t.match(run.stderr, "was removed or replaced during the run: start again; nothing was sent")
  end)
end
