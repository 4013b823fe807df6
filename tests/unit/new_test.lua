-- siterun new and siterun examples: what they make runs.
local json = require "json"
local t = require "tests.t"

local program = assert(io.popen("realpath " .. t.program)):read "l"
local count = 0

local function folder()
  count = count + 1
  local path = ("%s/new%d"):format(t.scratch, count)
  os.execute("mkdir -p " .. path)
  return path
end

local function siterun(dir, ...)
  return t.siterun { program = program, args = { ... }, dir = dir, env = { SITERUN_STATE = dir .. "/state" } }
end

local function files(dir)
  return assert(io.popen("cd " .. dir .. " && ls -A")):read "a"
end

t.test("new makes a recipe, and a test that runs it", function()
  local dir = folder()
  local run = siterun(dir, "new", "visits")
  t.equal(run.code, 0, run.stderr)
  t.equal(run.stdout, "visits.lua\nvisits_test.lua\n.luarc.json\n.siterun/types\n")
  t.match(t.read(dir .. "/.siterun/types/ticketing.lua"), "%-%-%-@meta")
  run = siterun(dir, "visits_test.lua")
  t.equal({ run.code, run.stderr, select(2, run.stdout:gsub("\nok %- ", "")) }, { 0, "", 2 }, run.stdout)
  t.truthy(os.execute("test -x " .. dir .. "/visits.lua"))
  t.equal(json.decode(t.read(dir .. "/.luarc.json"))["runtime.version"], "Lua 5.4")
end)

t.test("what new makes can be shared: only the umask limits who reads it", function()
  local dir = folder()
  os.execute(("cd %s && umask 022 && %s new visits >/dev/null 2>&1"):format(dir, program))
  local modes = io.popen("cd " .. dir .. " && stat -c %a visits.lua .luarc.json .siterun .siterun/types .siterun/types/json.lua"):read "a"
  t.equal(modes, "755\n644\n755\n755\n644\n")
end)

t.test("its test fails when the recipe does", function()
  local dir = folder()
  siterun(dir, "new", "visits")
  t.write(dir .. "/visits.lua", "error 'broken'")
  local run = siterun(dir, "visits_test.lua")
  t.equal(run.code, 1)
  t.match(run.stdout, "not ok %- it prints tickets\n")
end)

t.test("the recipe tells mistakes in its arguments", function()
  local dir = folder()
  siterun(dir, "new", "visits")
  local help = siterun(dir, "visits.lua", "--help")
  t.equal({ help.code, help.stderr }, { 0, "" })
  t.match(help.stdout, "^usage: siterun visits.lua ")
  for _, words in ipairs { {}, { "a", "b" }, { "--limit", "x", "a" }, { "--limit" }, { "-x", "a" }, { "--statos=1", "a" } } do
    local run = siterun(dir, "visits.lua", table.unpack(words))
    t.equal({ run.code, run.stdout }, { 2, "" })
    t.match(run.stderr, "^visits: [^\n]+\n\nusage: ")
  end
end)

for _, from in ipairs { "alarm", "export", "weather.lua" } do
  t.test("new begins with the example " .. from, function()
    local dir = folder()
    t.equal(siterun(dir, "new", "mine", "--from", from).code, 0)
    t.equal(t.read(dir .. "/mine.lua"), t.read("examples/" .. from:gsub("%.lua$", "") .. ".lua"))
    local run = siterun(dir, "mine_test.lua")
    t.equal({ run.code, run.stderr }, { 0, "" }, run.stdout)
  end)
end

t.test("new replaces nothing", function()
  for _, there in ipairs { "visits.lua", "visits_test.lua" } do
    local dir = folder()
    t.write(dir .. "/" .. there, "mine")
    t.write(dir .. "/.luarc.json", "mine too")
    os.execute("mkdir -p " .. dir .. "/.siterun/types")
    local run = siterun(dir, "new", "visits")
    t.equal({ run.code, run.stdout, files(dir) }, { 2, "", ".luarc.json\n.siterun\n" .. there .. "\n" })
    t.match(run.stderr, there .. " is there already")
    t.equal({ t.read(dir .. "/" .. there), t.read(dir .. "/.luarc.json") }, { "mine", "mine too" })
    os.execute("rm " .. dir .. "/" .. there)
    t.equal(siterun(dir, "new", "visits").code, 0)
    t.equal({ t.read(dir .. "/.luarc.json"), files(dir .. "/.siterun/types") }, { "mine too", "" })
  end
end)

t.test("new takes only what can be a name", function()
  local dir = folder()
  for _, words in ipairs { {}, { "a/b" }, { "../a" }, { ".a" }, { "" }, { "a b" }, { "1a" }, { ("a"):rep(61) }, { "a", "b" },
    { "a", "--from", "none" }, { "a", "--from" }, { "a\n" } } do
    local run = siterun(dir, "new", table.unpack(words))
    t.equal({ run.code, run.stdout, files(dir) }, { 2, "", "" })
  end
  t.match(siterun(dir, "new", "a", "--from", "alram").stderr, 'did you mean "alarm"')
end)

t.test("examples are listed and printed", function()
  local dir = folder()
  local list = siterun(dir, "examples")
  t.equal({ list.code, list.stderr }, { 0, "" })
  for path in assert(io.popen("ls examples/*.lua")):lines() do
    local name = path:match "([%w_]+)%.lua$"
    t.match(list.stdout, "\n?  " .. name .. " +%u[^\n]+")
    t.equal(siterun(dir, "examples", name).stdout, t.read(path))
  end
  t.equal(siterun(dir, "new", "--list").stdout, list.stdout)
  t.equal(siterun(dir, "examples", "none").code, 2)
  t.equal(siterun(dir, "examples", "alarm", "keys").code, 2)
end)

t.test("a file called examples is run by ./examples", function()
  local dir = folder()
  t.write(dir .. "/examples", "print 'a file'")
  t.equal(siterun(dir, "./examples").stdout, "a file\n")
end)
