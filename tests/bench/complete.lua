-- siterun tests/bench/complete.lua: milliseconds (of the processor) of a Tab, where a value has
-- 10,000 fields: the median and the slowest of 50.
local complete = require "repl.complete"

local value = {}
for i = 1, 10000 do value[("field_%05d"):format(i * 7919 % 10007)] = i end
rawset(_G, "big", value)

local function measure(what, text)
  local times = {}
  for i = 1, 50 do
    local started = os.clock()
    local found = complete.find(text, #text)
    times[i] = (os.clock() - started) * 1000
    assert(#found.words > 0, text)
  end
  table.sort(times)
  print(("%6.2f %6.2f ms  %s"):format(times[25], times[50], what))
end

for _, text in ipairs { "big.", "big.field_0", "big.field_0123", 'big["field_0', "prin",
  "ticketing.connect().tickets:create { pri" } do
  measure(text, text)
end
local line = "local x = { a = 1, b = 'two' } -- line\n"
measure("500 lines, then big.field_0123", line:rep(500) .. "big.field_0123")
