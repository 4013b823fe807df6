-- What a user sees of the shared limit.
local crowd = require("tests.crowd")
local json = require("json")
local peer = require("tests.peer")
local t = require("tests.t")
local task = require("task")

local function limits(members, ...)
  return t.siterun { args = { "limits", ... }, env = members.env }
end

---Waits, for at most 20 s, until what `siterun limits` shows of Ticketing fits.
local function wait_for(members, fits)
  local row
  for _ = 1, 200 do
    row = json.decode(limits(members, "--json").stdout)[1]
    if fits(row) then return row end
    task.sleep(0.05)
  end
  error("never so: " .. t.show(row))
end

t.test("limits shows what all processes use, while they run", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "5/60s")
  local before = json.decode(limits(members, "--json").stdout)
  t.equal(before, { { service = "ticketing", limit = 5, window = 60, used = 0, free = 5, wait = 0,
    waiting = 0, paused = 0 } })
  members:join("tests/crowd/worker.lua", 4)
  members:join("tests/crowd/worker.lua", 4)
  local row = wait_for(members, function(row) return row.used == 5 and row.waiting == 8 end)
  t.equal(row.free, 0)
  t.truthy(row.wait > 60 and row.wait <= 120, "8 wait already: a second window")
  t.match(limits(members).stdout, "^service +limit +window +used +free +wait +waiting +paused\n"
    .. "ticketing +5 +60 +5 +0 +[%d.]+ +8 +0\n$")
  members:kill(1)
  wait_for(members, function(left) return left.waiting == 4 end)
end)

t.test("client:limits() is live over all processes", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "5/60s")
  members:join("-e", [[
    local client = require "ticketing".connect()
    client:request { path = "/a" }
    print(client:limits().used)
    repeat require "task".sleep(0.01) until client:limits().used == 2
    print "seen"
    require "task".sleep(60)
  ]])
  t.equal(members:hear(1), "1")
  members:join("-e", 'require "ticketing".connect():request { path = "/b" }')
  t.equal(members:hear(1), "seen")
end)

t.test("limits shows a pause that the service asked for", function()
  local listener <close> = peer.listen({}, {
    { times = 0, status = 429, headers = { ["Retry-After"] = "40" } },
  })
  local members <close> = crowd.gather(listener, "5/60s")
  members:join("-e", 'require "ticketing".connect():request { path = "/a" }')
  local row = wait_for(members, function(row) return row.paused > 0 end)
  t.truthy(row.paused > 30 and row.paused <= 41 and row.wait >= row.paused - 1)
end)

t.test("limits without a configured service says what to do", function()
  local run = t.siterun { args = { "limits" } }
  t.equal(run.code, 3)
  t.equal(run.stdout, "")
  t.match(run.stderr, "^siterun limits: no service is configured: [^\n]*%-%-sandbox limits\n$")
  t.equal(t.siterun({ args = { "limits", "--json" } }).stdout, "[]\n")
end)

t.test("limits names the profiles when none was asked for and there is no default", function()
  local path = t.write(t.scratch .. "/profiles.lua", "return { night = {}, live = {} }")
  local run = t.siterun { args = { "--config", path, "limits" } }
  t.equal(run.code, 3)
  t.match(run.stderr, 'profiles.lua has no profile "default": choose one with %-%-profile: live, night\n$')
end)

t.test("limits of one service are shown when another is configured in part", function()
  local members <close> = crowd.gather({ port = 1 }, "1/1s")
  local run = t.siterun { args = { "limits" }, env = { SITERUN_STATE = members.state,
    TICKETING_URL = "http://127.0.0.1:1", TEAMWORKLIVE_URL = "http://127.0.0.1:1", TEAMWORKLIVE_EMAIL = "a@b.c",
    TEAMWORKLIVE_API_KEY = "tw-secret", TELEPORTE_LIMIT = "5/1s" } }
  t.equal(run.code, 3)
  t.match(run.stdout, "\nteamworklive +6000 +3600 +0 +6000 +0 +0 +0\n$")
  t.match(run.stderr, "^siterun limits: ticketing: config: TICKETING_KEY is not set[^\n]*\n$")
end)

t.test("limits of the sandbox", function()
  local run = t.siterun { args = { "--sandbox", "limits" } }
  t.equal(run.code, 0)
  t.match(run.stdout, "\nteleporte +none +%- +0 +%- +0 +0 +0\nticketing +100 +60 ")
end)

t.test("limits with wrong arguments", function()
  for _, arguments in ipairs { { "limits", "--jsn" }, { "limits", "--json", "more" } } do
    local run = t.siterun { args = arguments }
    t.equal(run.code, 2)
    t.match(run.stderr, #arguments == 2 and 'did you mean "json"' or 'limits takes no "more"')
  end
end)

local ASK = 'require "ticketing".connect():request { path = "/a" }'

local function damage(members)
  assert(os.execute(("for f in %s/limit-*; do echo no block > $f; done")
    :format(t.quote(members.state))))
end

t.test("a damaged state is waited out, unless --assume-fresh says not to", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "1/20s")
  limits(members)
  damage(members)
  local run = t.siterun { args = { "--deadline", "10s", "-e", ASK }, env = members.env }
  t.equal(run.code, 6)
  t.match(run.stderr, "is damaged; waiting out what it may have held\n")
  damage(members)
  run = t.siterun { args = { "--assume-fresh", "--deadline", "10s", "-e", ASK },
    env = members.env }
  t.equal(run.code, 0)
  t.match(run.stderr, "^siterun: /%S+/limit%-%x+ is damaged; taken for fresh, as "
    .. "%-%-assume%-fresh says\n$")
end)
