local t = require("tests.t")

t.test("a chunk on the command line runs", function()
  local run = t.siterun({ args = { "-e", "print(1)" } })
  t.equal(run, { code = 0, stdout = "1\n", stderr = "" })
end)

t.test("GnuTLS gets ready where a C library is loaded, which may use it, and not before", function()
  local env = { GNUTLS_DEBUG_LEVEL = "2" } -- it says so on stderr
  local run = t.siterun({ args = { "-e", "print(1)" }, env = env })
  t.equal(run, { code = 0, stdout = "1\n", stderr = "" })
  run = t.siterun({ args = { "-e", "package.loadlib('libz.so.1', '*')" }, env = env })
  t.equal(run.code, 0)
  t.match(run.stderr, "gnutls")
end)

t.test("the collector leaves a short run alone, and no other", function()
  local code = [[
    local freed = 0
    local watched = { __gc = function() freed = freed + 1 end }
    local function waste(count) for _ = 1, count do setmetatable({}, watched) end end
    waste(4000)
    io.write(freed, " ")
    waste(40000)
    print(freed > 30000)]]
  t.equal(t.siterun({ args = { "-e", code } }), { code = 0, stdout = "0 true\n", stderr = "" })
end)
