-- Who goes first where several processes wait for one limit, by the server's order of arrival.
local crowd = require("tests.crowd")
local json = require("json")
local t = require("tests.t")

local WORKER = "tests/crowd/worker.lua"

local function wait_for_queue(members, length)
  repeat
    local shown = t.siterun { args = { "limits", "--json" }, env = members.env }
  until json.decode(shown.stdout)[1].waiting >= length
end

---Asks past the limit, so that the server sees when this process began, then within it.
local ASK_ONCE = [[
  local url, priority = ...
  require "http".get(url .. "/begins")
  require "ticketing".connect():request({ path = "/approval" }, { priority = priority })
  print "done"
]]

local ASK_PATIENTLY = [[
  local client = require "ticketing".connect()
  for _ = 1, 3 do client:request({ path = "/low" }, { priority = "low" }) end
  print "done"
]]

---How many requests of an export arrive before one of another process, once that has begun.
local function overtaken_by(priority)
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "4/600ms")
  members:join(WORKER, 20, 10, "low")
  wait_for_queue(members, 16)
  local script = t.write(members.state .. ".lua", ASK_ONCE)
  members:join(script, members.env.TICKETING_URL, priority)
  t.equal(members:hear(2), "done")
  members:disband()
  local count, began = 0, false
  for _, record in ipairs(server:stop()) do
    if record.target:find("/approval", 1, true) then return count end
    count = count + (began and 1 or 0)
    began = began or record.target:find("/begins", 1, true) ~= nil
  end
end

t.test("an approval overtakes the export of another process", function()
  -- Those of the window that is free when it comes may be on their way already.
  t.truthy(overtaken_by("high") <= 4, "high")
end)

t.test("without a priority it waits for its turn", function()
  t.truthy(overtaken_by("low") >= 12, "low")
end)

t.test("nothing starves while urgent requests never end", function()
  local server <close> = crowd.serve()
  local members <close> = crowd.gather(server, "4/200ms")
  members:join(WORKER, 8, 30, "high")
  wait_for_queue(members, 4)
  members:join(t.write(members.state .. ".lua", ASK_PATIENTLY))
  t.equal(members:hear(2), "done")
  members:disband()
  local counts = { high = 0, low = 0 }
  for _, record in ipairs(server:stop()) do
    local priority = record.target:match("(%a+)$")
    counts[priority] = counts[priority] + 1
  end
  print(("# %d urgent requests beside %d patient ones"):format(counts.high, counts.low))
  t.equal(counts.low, 3)
  t.truthy(counts.high < 240, "low")
  t.truthy(counts.high > 2 * counts.low, "high")
end)
