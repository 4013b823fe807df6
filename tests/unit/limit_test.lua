-- The shared limit with real processes, in short; at length in tests/soak. Whatever holds a slot for a
-- guard hides what else goes wrong, so that each disturbance also comes alone.
local crowd = require("tests.crowd")
local ordeal = require("tests.crowd.ordeal")
local t = require("tests.t")

local function test(name, disturbance)
  t.test(name, function()
    local o = { limit = 20, window = 0.5, processes = 4, windows = 6, least = 50, most = 300 }
    for key, value in pairs(disturbance) do o[key] = value end
    local verdict, complaints = ordeal.endure(o)
    crowd.print(verdict, name)
    t.equal(complaints, "")
    t.equal(verdict.over, 0)
    t.truthy(verdict.arrivals > o.limit, "more than one window")
  end)
end

test("processes that share a limit never pass it", {})
test("nor when processes are killed", { kills = 8, least = 200 })
test("nor when requests get no answer", { unanswered = 20, timeout = 0.15, least = 5, most = 100 })
test("nor when the wall clock is set", { steps = 10 })
test("nor when the state file is deleted", { delete = true })
test("nor with all of that", { kills = 8, unanswered = 20, timeout = 0.4, steps = 8, delete = true })
