local t = require("tests.t")

t.test("a chunk on the command line runs", function()
  local run = t.siterun({ args = { "-e", "print(1)" } })
  t.equal(run, { code = 0, stdout = "1\n", stderr = "" })
end)
