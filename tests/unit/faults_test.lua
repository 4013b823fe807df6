-- What each call says of itself is what happened at the service; tests/soak does this at length.
local faults = require "tests.faults"
local t = require "tests.t"

t.test("faults duplicate no write, lose no call and hold none up", function()
  local figures = faults.run { calls = 500, holding = 40, lanes = 32 }
  faults.print(figures)
  t.equal(figures.complaints, {})
  t.truthy(figures.kinds >= 12, "12 kinds of faults")
  t.truthy(figures.done > 100 and figures.refused > 50 and figures.unknown > 50, "all outcomes")
end)
