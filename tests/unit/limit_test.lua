-- The shared limit with real processes, in short; at length in tests/soak.
local ordeal = require("tests.crowd.ordeal")
local t = require("tests.t")

t.test("processes that share a limit never pass it", function()
  local verdict, complaints = ordeal.saturate { limit = 20, window = 0.5, processes = 4,
    windows = 6, least = 5, most = 700 }
  t.equal(complaints, "")
  t.equal(verdict.over, 0)
  t.truthy(verdict.arrivals > 20, "more than one window")
end)

t.test("nor with kills, lost answers, clock steps and a deleted state", function()
  local verdict, complaints = ordeal.endure { limit = 100, window = 0.5, processes = 4,
    windows = 8, least = 5, most = 700, timeout = 0.4, kills = 10, unanswered = 20 }
  t.equal(complaints, "")
  t.equal(verdict.over, 0)
end)
