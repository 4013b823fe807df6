-- The shared limit, proven at length with real processes.
local crowd = require("tests.crowd")
local ordeal = require("tests.crowd.ordeal")
local t = require("tests.t")

t.test("8 processes with 4 tasks each never pass the limit, and use it", function()
  local verdict, complaints = ordeal.endure { limit = 20, window = 2, processes = 8,
    windows = 26, least = 5, most = 3000 }
  crowd.print(verdict, "saturated")
  t.equal(complaints, "")
  t.equal(verdict.over, 0)
  t.equal(verdict.most, 20)
  t.truthy(verdict.windows >= 20, "20 windows")
  t.truthy(verdict.share >= 0.95, "95 %")
  local least, most = math.huge, 0
  for _, count in pairs(verdict.by_target) do
    least, most = math.min(least, count), math.max(most, count)
  end
  print(("# each process had %d to %d of them"):format(least, most))
  t.truthy(least >= verdict.arrivals / 8 * 0.7, "a fair share for each")
end)

t.test("nor with kills, lost answers, clock steps and a deleted state", function()
  local verdict, complaints = ordeal.endure { limit = 40, window = 2, processes = 8,
    windows = 60, least = 5, most = 3000, timeout = 2, kills = 100, unanswered = 20,
    steps = 50, delete = true }
  crowd.print(verdict, "disturbed")
  t.equal(complaints, "")
  t.equal(verdict.over, 0)
  t.truthy(verdict.arrivals > 10 * 40, "progress")
end)
