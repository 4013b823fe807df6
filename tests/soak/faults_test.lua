-- 10,000 calls to a service that spoils its answers.
local faults = require "tests.faults"
local t = require "tests.t"

t.test("10,000 faults duplicate no write, lose no call and hold none up", function()
  local figures = faults.run { calls = 10000, holding = 400, lanes = 64 }
  faults.print(figures)
  t.equal(#figures.complaints, 0)
  t.equal(figures.calls, 10000)
  t.equal(figures.done + figures.refused + figures.unknown, 10000)
end)
