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
