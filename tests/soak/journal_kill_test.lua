---The long proof of tests/unit/journal_kill_test.lua.
local kill = require("tests.journal_kill")
local t = require("tests.t")

t.test("a recipe of 500 writes that is killed at 200 points makes each write once", function()
  kill.play { kills = 200, writes = 500, again = 0.5 }
end)
