---What the journal adds to a write: `make bench-journal`. Prints figures; asserts nothing, since
---machines and disks differ. The same writes are made through the journal and past it, in turn, so
---that what else goes on is shared out between both.
package.path = "./?.lua;./?/init.lua;" .. package.path

local clock = require("c.clock")
local journal = require("tests.journal")
local raw = require("c.journal")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local ROUNDS, EACH, LANES = tonumber(os.getenv "BENCH_ROUNDS") or 15, 200, 32

---Makes arg[2] writes in arg[3] lanes, past the journal where arg[1] says so; prints milliseconds.
local WRITES = [[
local clock, task, write = require "c.clock", require "task", require "siterun.journal.write"
local tw = require("teamworklive").connect()
local company = tw:resource("clientcompanies")
local id = company:list()[1].id
if arg[1] == "past" then
  write.send = function(_, _, request, judge)
    return judge(require("siterun.wire").send(request))
  end
end
local list = {}
for i = 1, tonumber(arg[2]) do list[i] = i end
local function put() company:update(id, { name = "Bench" }) end
task.map({ 1, 2 }, put) -- opened and connected
local before = clock.monotonic()
if arg[3] == "1" then
  for _ in ipairs(list) do put() end
else
  task.map(list, put, { limit = tonumber(arg[3]) })
end
print((clock.monotonic() - before) * 1000)
]]

local function start()
  local sb = sandbox.start("--tickets", "1", "--limit", "teamworklive=none")
  sb.env = { SITERUN_STATE = journal.folder(), XDG_CONFIG_HOME = t.scratch,
    SITERUN_CONFIG = false, SITERUN_PROFILE = false }
  for name, value in pairs(sb.vars) do
    sb.env[name ~= "" and name or "IGNORED"] = value
  end
  sb.env.TEAMWORKLIVE_LIMIT = "10000/1s"
  return sb
end

local function run(sb, path, way, writes, lanes, program)
  local got = t.siterun { program = program, env = sb.env,
    args = { path, way, tostring(writes), tostring(lanes) } }
  assert(got.code == 0, got.stderr)
  return tonumber(got.stdout)
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

---Microseconds of a write, through the journal and past it.
local function time(sb, path, writes, lanes)
  local took = { journal = {}, past = {} }
  for i = 1, ROUNDS do
    for way, list in pairs(took) do
      list[i] = run(sb, path, way, writes, lanes) * 1000 / writes
    end
  end
  return median(took.journal), median(took.past)
end

---How many syncs `more` writes add to a run.
local function syncs(sb, path, more, lanes)
  local function count(writes)
    local to = t.scratch .. "/syncs"
    local program = ("strace -f -e trace=fsync,fdatasync -o %s %s"):format(to, t.program)
    run(sb, path, "journal", writes, lanes, program)
    return select(2, t.read(to):gsub("sync%(", ""))
  end
  return count(more + 1) - count(1)
end

---Microseconds that one sync of a few KiB takes where the state is.
local function sync_alone(sb)
  local to, took = t.scratch .. "/dd", {}
  local form = "cd %s && dd if=/dev/zero of=sync bs=4k count=50 oflag=dsync 2>%s; rm -f sync"
  for i = 1, ROUNDS do
    os.execute(form:format(t.quote(sb.env.SITERUN_STATE), t.quote(to)))
    took[i] = tonumber(t.read(to):match("([%d.]+) s,")) / 50 * 1e6
  end
  return median(took)
end

local sb <close> = start()
local path = journal.recipe(WRITES)
print(("medians of %d runs of %d writes, in microseconds a write; one sync of this disk: %.0f"):format(
  ROUNDS, EACH, sync_alone(sb)))
print(("%-32s %8s %8s %8s %8s"):format("", "plain", "journal", "more", "syncs"))
for _, lanes in ipairs { 1, LANES } do
  local with, without = time(sb, path, EACH, lanes)
  local name = lanes == 1 and "one after another" or ("%d at the same time"):format(lanes)
  print(("%-32s %8.0f %8.0f %8.0f %8.2f"):format(name, without, with, with - without,
    syncs(sb, path, EACH, lanes) / EACH))
end

-- ---- a journal that has grown ----

local WRITTEN = 20000

---Fills a new journal with writes that are done, under the keys "key 1" and on.
local function grow(folder)
  local handle, queued = assert(raw.open(folder)), {}
  local function append(record)
    queued[#queued + 1] = handle:append(record)
    return queued[#queued]
  end
  append { kind = "run", run = "r", body = '{"user":"u","host":"h","pid":1,"born":1}' }
  for first = 1, WRITTEN, 500 do
    local intents = {}
    for i = first, first + 499 do
      intents[i] = append { kind = "intent", run = "r", service = "s", operation = "o", content = "c",
        once = "key " .. i, body = '{"method":"POST","url":"http://x/tickets"}' }
    end
    handle:flush()
    for i, op in pairs(intents) do
      append { kind = "outcome", run = "r", intent = op:result(), once = "key " .. i,
        outcome = "done", body = '{"status":201}' }
    end
    handle:flush()
    queued = {}
  end
  handle:close()
end

local function milliseconds(command)
  local before = clock.monotonic()
  assert(os.execute(command))
  return (clock.monotonic() - before) * 1000
end

local folder = journal.folder()
grow(folder)
local siterun = ("SITERUN_STATE=%s %s"):format(t.quote(folder), t.program)
local list, one, check = siterun .. " journal >/dev/null", siterun .. " journal --once 'key 7' >/dev/null",
  siterun .. " journal --verify >/dev/null"
print(("a journal of %d writes: listed in %.0f ms, one key found in %.0f ms, verified in %.0f ms"):format(
  WRITTEN, milliseconds(list), milliseconds(one), milliseconds(check)))
