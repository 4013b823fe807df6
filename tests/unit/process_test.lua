local t = require "tests.t"

t.test("a closed process says so", function()
  local process = assert(require("c.process").start { "echo", "one" })
  t.equal(process:line(), "one")
  t.equal(process:line(), nil)
  process:stop()
  process:stop()
  t.raises(function() process:line() end, "closed")
end)
