local kill = require("tests.journal_kill")
local t = require("tests.t")

t.test("a recipe that is killed 15 times makes each write once", function()
  kill.play { kills = 15, writes = 40, again = 0.5 }
end)
