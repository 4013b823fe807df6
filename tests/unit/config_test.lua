-- Every case is a run of the program: its own environment, its own file.
local t = require "tests.t"

local PRELUDE = [[
local config = require "siterun.config"
local SETTINGS = {
  { name = "url", env = "PROBE_URL", type = "url", required = true, ends = "/v3",
    text = "its address" },
  { name = "region", env = "PROBE_REGION", type = "enum", values = { "us", "eu" },
    instead = "url", text = "its region" },
  { name = "key", env = "PROBE_KEY", type = "secret", required = true, text = "its key" },
  { name = "user_id", env = "PROBE_USER_ID", type = "string", group = "user", text = "who" },
  { name = "user_name", env = "PROBE_USER_NAME", type = "string", group = "user",
    text = "who" },
  { name = "limit", env = "PROBE_LIMIT", type = "limit", default = "100/60s",
    text = "its limit" },
  { name = "pace", env = "PROBE_PACE", type = "duration", text = "how often" },
  { name = "tries", type = "integer", text = "how often" },
  { name = "strict", type = "boolean", text = "whether" },
}
local function show(settings)
  local names = {}
  for name in pairs(settings) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = settings[name]
    if type(value) == "table" then value = value.count .. " in " .. value.window .. " s" end
    print(name .. "=" .. tostring(value))
  end
end
local function probe(options) show(config.service("probe", SETTINGS, options)) end
local function ticketing(options) show(config.service("ticketing", SETTINGS, options)) end
]]

local GOOD = { PROBE_URL = "https://probe.example/v3", PROBE_KEY = "key-of-the-environment" }

local homes = 0

local function home()
  homes = homes + 1
  local path = ("%s/home%d"):format(t.scratch, homes)
  os.execute(("mkdir -p %s/.config/siterun"):format(t.quote(path)))
  return path
end

local UNSET = {
  "XDG_CONFIG_HOME", "XDG_STATE_HOME", "SITERUN_CONFIG", "SITERUN_PROFILE", "SITERUN_STATE",
}

---A file whose default profile gives the probe these settings.
local function section(text)
  return ("return { default = { services = { probe = { %s } } } }"):format(text)
end

---@param o table code, env, args; home: a folder; file: the configuration, with this mode
local function run(o)
  o.home = o.home or home()
  if o.file then
    local path = t.write(o.home .. "/.config/siterun/config.lua", o.file)
    os.execute(("chmod %s %s"):format(o.mode or "600", t.quote(path)))
  end
  local env = { HOME = o.home }
  for _, name in ipairs(UNSET) do env[name] = false end
  for name, value in pairs(o.env or GOOD) do env[name] = value end
  local args = table.move(o.args or {}, 1, #(o.args or {}), 1, {})
  args[#args + 1] = "-e"
  args[#args + 1] = PRELUDE .. (o.code or "probe()")
  return t.siterun { args = args, env = env }
end

local function good(o)
  local got = run(o)
  t.equal(got.code, 0, got.stderr)
  return got.stdout
end

-- Exit code 3, one line that holds each of `words`, and the secret nowhere.
local function bad(o, ...)
  local got = run(o)
  t.equal(got.code, 3, got.stderr)
  for _, word in ipairs { ... } do
    t.truthy(got.stderr:find(word, 1, true), word .. " in " .. got.stderr)
  end
  t.equal(got.stderr:find("hidden", 1, true), nil)
  t.equal(got.stdout, "")
  return got.stderr
end

local function with(changes)
  local env = {}
  for name, value in pairs(GOOD) do env[name] = value end
  for name, value in pairs(changes) do env[name] = value end
  return env
end

t.test("the environment gives the settings", function()
  t.equal(good {}, "key=PROBE_KEY\nlimit=100 in 60 s\nurl=https://probe.example/v3\n")
end)

t.test("the environment goes before the file, the file before the default", function()
  local file = section [[limit = "5/2s", pace = "90s", tries = 3, strict = false]]
  local got = good { file = file, env = with { PROBE_PACE = "2m" } }
  t.match(got, "limit=5 in 2 s\n")
  t.match(got, "pace=120\n")
  t.match(got, "strict=false\ntries=3\n")
end)

t.test("options go before everything", function()
  local got = good { env = with { PROBE_LIMIT = "7/1s" }, code = [[probe {
    url = "http://127.0.0.1:99/v3/", key = "given-here", limit = "9/500ms", strict = true }]] }
  t.match(got, "^key=option \"key\" of probe.connect\n")
  t.match(got, "limit=9 in 0.5 s\nstrict=true\nurl=http://127.0.0.1:99/v3\n")
end)

t.test("options take handles", function()
  local code = [[probe { key = require("secret").env "PROBE_KEY" }]]
  t.match(good { code = code }, "^key=PROBE_KEY\n")
end)

t.test("what is missing is named, all of it", function()
  bad({ env = {} }, "PROBE_URL (or PROBE_REGION), PROBE_KEY are not set", "config.lua")
  bad({ env = with { PROBE_KEY = false } }, "PROBE_KEY is not set: its key")
  bad({ env = with { PROBE_KEY = "" } }, "PROBE_KEY is not set: its key")
end)

t.test("a stand-in from a stronger place goes before the setting", function()
  local file = section [[url = "https://file.example/v3"]]
  local got = good { file = file, env = { PROBE_REGION = "eu", PROBE_KEY = "12345" } }
  t.match(got, "region=eu\n$")
  got = good { env = with { PROBE_REGION = "eu" } }
  t.match(got, "url=https://probe.example/v3\n$")
  t.equal(got:find("region", 1, true), nil)
end)

t.test("a group comes whole and from one place", function()
  local seven = with { PROBE_USER_ID = "7" }
  bad({ env = seven }, "PROBE_USER_NAME is not set where PROBE_USER_ID is")
  local file = section [[user_id = "8", user_name = "Eight"]]
  bad({ file = file, env = seven }, "PROBE_USER_NAME is not set")
  t.match(good { file = file }, "user_id=8\nuser_name=Eight\n$")
end)

local BAD_LIMITS = {
  "100", "100/60", "0/60s", "-1/60s", "1.5/60s", "100/0s", "x/60s", "100/60s ", "9e9/1s",
}

t.test("malformed variables are named, with what is wanted", function()
  local rows = {
    { "PROBE_URL", "probe.example/v3", "an address that ends in /v3" },
    { "PROBE_URL", "http://probe.example/v3", "https" },
    { "PROBE_URL", "https://probe.example", "an address that ends in /v3" },
    { "PROBE_URL", "https://probe.example/v3/v3x", "an address that ends in /v3" },
    { "PROBE_URL", "https://probe.example/?a=/v3", "an address that ends in /v3" },
    { "PROBE_URL", "https://probe.example/v3\n", "an address that ends in /v3" },
    { "PROBE_REGION", "uss", "one of us, eu (did you mean \"us\"?)" },
    { "PROBE_USER_ID", "a\rb", "text without control characters" },
    { "PROBE_PACE", "10", "a duration" },
    { "PROBE_PACE", "0s", "a duration" },
    { "PROBE_PACE", "1e9h", "a duration" },
  }
  for _, limit in ipairs(BAD_LIMITS) do
    rows[#rows + 1] = { "PROBE_LIMIT", limit, "COUNT/DURATION, for example 100/60s" }
  end
  for _, row in ipairs(rows) do bad({ env = with { [row[1]] = row[2] } }, row[1], row[3]) end
end)

t.test("a malformed secret is named and not shown", function()
  bad({ env = with { PROBE_KEY = "hidden\nhidden" } }, "PROBE_KEY holds a line break")
  bad({ env = with { PROBE_KEY = "hi" } }, "PROBE_KEY has fewer than 3 bytes")
  local option = "option \"key\" of probe.connect"
  bad({ code = [[probe { key = "hidden\0" }]] }, option .. " holds a NUL byte")
  bad({ code = [[probe { key = { "hidden" } }]] }, option .. ": a secret, not a table")
end)

t.test("an address that is refused is shown without what it may hide", function()
  for _, url in ipairs { "https://me:hidden@probe.example/v3", "https://probe.example/v3?key=hidden",
    "http://me:hidden/hidden@probe.example/v3", "hidden@probe.example" } do
    bad({ env = with { PROBE_URL = url } }, "PROBE_URL", "an address that ends in /v3")
  end
  bad({ env = with { PROBE_URL = "https://probe.example/v3?key=hidden" } }, "it has a query")
end)

t.test("proxies are checked, and a bad one is shown without its password", function()
  for _, proxy in ipairs { "127.0.0.1:3128", "http://p.example:3128/", "https://me:a%20b@p.example", "socks5h://[::1]:1" } do
    t.match(good { code = ("probe { proxy = %q }"):format(proxy) }, "proxy=" .. proxy:gsub("%p", "%%%0"))
  end
  for _, proxy in ipairs { "ftp://me:hidden@p.example:1", "http://me:hidden@p.example:65536", "http://me:hidden@",
    "http://me:hidden @p.example", "http://p.example/x", "http://me:hidden@p.example:a", "" } do
    bad({ code = ("probe { proxy = %q }"):format(proxy) }, "proxy", "the address of a proxy")
  end
end)

t.test("addresses lose the slash at their end", function()
  local env = with { PROBE_URL = "https://probe.example/v3//" }
  t.match(good { env = env }, "url=https://probe.example/v3\n")
end)

t.test("limits and durations in every unit", function()
  local rows = {
    ["6000/1h"] = "6000 in 3600 ", ["5/2m"] = "5 in 120 ", ["1/250ms"] = "1 in 0.25 ",
  }
  for text, want in pairs(rows) do
    t.match(good { env = with { PROBE_LIMIT = text } }, "limit=" .. want)
  end
end)

t.test("unknown options and keys are answered with the nearest known one", function()
  bad({ code = "probe { limt = '5/2s' }" },
    "unknown option \"limt\" of probe.connect", "did you mean \"limit\"?")
  bad({ code = "probe 'x'" }, "wants a table, not a string")
  bad({ file = section "kye = 1" },
    "config.lua: unknown key default.services.probe.kye", "did you mean \"key\"?")
  bad({ file = "return { default = { ticketting = {} } }" },
    "config.lua: unknown section default.ticketting", "did you mean \"ticketing\"?")
end)

t.test("malformed values of the file are named by file and key", function()
  local function case(value, ...)
    bad({ file = section(value) }, "config.lua: default.services.probe.", ...)
  end
  case("limit = 5", "limit: 5 is not COUNT/DURATION")
  case("tries = 1.5", "tries", "a whole number")
  case("strict = 'maybe'", "strict: \"maybe\" is not true or false")
  case("user_id = {}", "user_id: a table is not text")
end)

t.test("the form of the file is checked", function()
  bad({ file = "return 5" }, "config.lua must return a table of profiles")
  bad({ file = "return { default = 5 }" }, "config.lua: default must be a table, not a number")
  bad({ file = "return { default = { ticketing = 5 } }" }, "default.ticketing must be a table")
  bad({ file = "return { default = { services = { probe = 5 } } }" },
    "default.services.probe must be a table")
  bad({ file = "return {" }, "config.lua:1:")
  bad({ file = "x.y = 1" }, "config.lua:1:")
end)

local LIBRARY = {
  "os", "io", "string", "require", "_G", "load", "print", "pairs", "getmetatable", "debug",
}

t.test("the file has no library but secret", function()
  for _, name in ipairs(LIBRARY) do
    bad({ file = ("%s.x = 1 return {}"):format(name) }, "config.lua:1:", name)
  end
  bad({ file = "local x = ('x'):rep(3) return {}" }, "config.lua:1:")
  bad({ file = "while true do end" }, "runs for too long")
  local code = "config.load() print(('x'):rep(3), collectgarbage 'isrunning')"
  t.equal(good { file = "return {}", code = code }, "xxx\ttrue\n")
end)

t.test("binary chunks are refused", function()
  bad({ file = string.dump(load "return {}") }, "config.lua")
end)

t.test("a byte order mark does no harm", function()
  t.match(good { file = "\xEF\xBB\xBF" .. section "tries = 4" }, "tries=4")
end)

t.test("a literal secret needs a file that nobody else can read", function()
  local own = section "key = 'hidden-one'"
  local env = with { PROBE_KEY = false }
  t.match(good { file = own, env = env }, "^key=.*config.lua: default.services.probe.key\n")
  bad({ file = own, env = env, mode = "640" },
    "default.services.probe.key is a secret", "chmod 600")
  local known = "return { other = { teleporte = { password = 'hidden-one' } } }"
  bad({ file = known, mode = "604" }, "other.teleporte.password is a secret", "chmod 600")
  good { file = known }
  good { file = section "tries = 4", mode = "644" }
end)

t.test("literal secrets of all profiles are hidden once the file is read", function()
  local file = "return { other = { teleporte = { password = 'quiet-word' } } }"
  local code = "config.load() print(require('c.secret').redact 'a quiet-word')"
  t.equal(good { file = file, code = code }, "a ***\n")
end)

t.test("a literal secret that is no good is named and not shown", function()
  bad({ file = "return { default = { ticketing = { key = 'hidden\\n' } } }" },
    "default.ticketing.key holds a line break")
  bad({ file = section "key = 55", env = with { PROBE_KEY = false } },
    "default.services.probe.key: a secret, not a number")
end)

t.test("the file can point to secrets", function()
  local path = home()
  t.write(path .. "/.config/siterun/key", "key-of-a-file\n")
  t.write(path .. "/other", "key-of-a-file\n")
  os.execute("chmod 600 " .. path .. "/.config/siterun/key " .. path .. "/other")
  local function key(source)
    local env = with { PROBE_KEY = false, ELSEWHERE = "key-of-a-variable" }
    local file = section("key = " .. source)
    local got = good { home = path, mode = "644", env = env, file = file }
    return got:match("^key=(%C*)")
  end
  t.equal(key "secret.file 'key'", path .. "/.config/siterun/key")
  t.equal(key "secret.file '~/other'", path .. "/other")
  t.equal(key "secret.env 'ELSEWHERE'", "ELSEWHERE")
  t.equal(key "secret.command { 'printf', 'abc' }", "the command 'printf'")
end)

t.test("a source that fails is named by the key", function()
  local function case(source, ...)
    bad({ env = with { PROBE_KEY = false }, file = section("key = " .. source) }, ...)
  end
  case("secret.file 'none'", "default.services.probe.key", "none: cannot open")
  case("secret.env 'NOWHERE'", "default.services.probe.key: NOWHERE is not set")
  case("secret.command { 'sh', '-c', 'echo hidden; exit 9' }", "probe.key", "exit code 9")
  case("secret.command 'pass show x'", "config.lua:1: secret.command wants a list of strings")
  case("secret.file(5)", "config.lua:1: secret.file wants a path")
end)

t.test("sources that nobody needs are not asked", function()
  local path = home()
  local file = section(("key = secret.command { 'touch', '%s/ran' }"):format(path))
  good { home = path, file = file }
  t.equal(io.open(path .. "/ran"), nil)
end)

t.test("variables that the file names leave the environment", function()
  local file = "return { default = { ticketing = { key = secret.env 'ELSEWHERE' } } }"
  local code = "config.load() print(os.getenv 'ELSEWHERE')"
  t.equal(good { file = file, env = { ELSEWHERE = "abcdef" }, code = code }, "nil\n")
end)

t.test("profiles", function()
  local file = [[return {
    default = { services = { probe = { tries = 1 } } },
    field = { services = { probe = { tries = 2 } } },
  }]]
  local env = with { SITERUN_PROFILE = "field" }
  t.match(good { file = file }, "tries=1")
  t.match(good { file = file, args = { "--profile", "field" } }, "tries=2")
  t.match(good { file = file, env = env }, "tries=2")
  t.match(good { file = file, args = { "--profile", "default" }, env = env }, "tries=1")
  bad({ file = file, args = { "--profile", "feild" } },
    "no profile \"feild\"", "did you mean \"field\"?", "default, field")
  bad({ args = { "--profile", "field" } }, "profile \"field\": there is no configuration file")
end)

t.test("the place of the file", function()
  local path = home()
  os.execute("mkdir -p " .. path .. "/xdg/siterun")
  local function file(name, tries)
    return t.write(path .. name, section("tries = " .. tries))
  end
  file("/.config/siterun/config.lua", 1)
  file("/xdg/siterun/config.lua", 2)
  local named, flagged = file("/named.lua", 3), file("/flagged.lua", 4)
  t.match(good { home = path }, "tries=1")
  t.match(good { home = path, env = with { XDG_CONFIG_HOME = path .. "/xdg" } }, "tries=2")
  t.match(good { home = path, env = with { XDG_CONFIG_HOME = "xdg" } }, "tries=1")
  t.match(good { home = path, env = with { SITERUN_CONFIG = named } }, "tries=3")
  local env = with { SITERUN_CONFIG = named }
  t.match(good { home = path, env = env, args = { "--config", flagged } }, "tries=4")
end)

t.test("a file that is named must be there", function()
  local none = t.scratch .. "/none"
  bad({ env = with { SITERUN_CONFIG = none } }, "SITERUN_CONFIG names", "does not exist")
  bad({ args = { "--config", none } }, "--config names", "does not exist")
  bad({ args = { "--config", t.scratch } }, "is not a regular file")
  t.match(good { env = with { HOME = false } }, "^key=")
end)

t.test("the state goes to a folder of its own that only the owner can open", function()
  local path = home()
  local code = "local dir = config.state_dir() print(dir) os.execute('stat -c %a ' .. dir)"
  local function case(env, want)
    t.equal(good { home = path, code = code, env = env }, path .. want .. "\n700\n")
  end
  case({}, "/.local/state/siterun")
  case({ XDG_STATE_HOME = path .. "/s" }, "/s/siterun")
  case({ XDG_STATE_HOME = "s" }, "/.local/state/siterun")
  case({ SITERUN_STATE = path .. "/a/b" }, "/a/b")
  case({ SITERUN_STATE = path .. "/a" }, "/a")
end)

t.test("a state that can't be kept is refused", function()
  local code = "config.state_dir()"
  bad({ code = code, env = { SITERUN_STATE = "postgresql://u:hidden@h/db" } },
    "SITERUN_STATE", "a folder")
  bad({ code = code, env = { HOME = false } }, "set SITERUN_STATE or HOME")
  local impossible = { SITERUN_STATE = "/dev/null/x" }
  bad({ code = code, env = impossible }, "/dev/null: cannot make the folder", "set SITERUN_STATE to a folder that you")
end)

t.test("secrets are in no environment that a recipe or its children can see", function()
  local names, env = {}, { OTHER = "stays" }
  for _, keys in pairs(require("siterun.sealed").services) do
    for _, name in pairs(keys) do
      names[#names + 1] = name
      env[name] = "value-of-" .. name
    end
  end
  local got = good { env = env, code = [[
    print(io.open("/proc/self/environ"):read("a"):find("value-of-", 1, true))
    print(io.popen("env"):read("a"):find("value-of-", 1, true))
    print(os.execute("env | grep -q value-of-"))
    print(require("c.secret").redact "value-of-TICKETING_KEY", os.getenv "OTHER")
    for name in ("]] .. table.concat(names, " ") .. [["):gmatch("%S+") do
      print(os.getenv(name))
    end]] }
  t.equal(got, "nil\nnil\nnil\texit\t1\n***\tstays\n" .. ("nil\n"):rep(#names))
end)

t.test("a message of Lua's about the file does not quote it", function()
  for _, text in ipairs { 'return { key = "hidden-1', 'return { a "hidden-1" }', 'return { k = "hidden-1" + 1 }',
    'return { k = ("hidden-1")() }', 'return { k = "hidden-1" .. {} }', "return hidden-1 hidden-1" } do
    local got = run { file = text }
    t.equal({ got.code, got.stderr:find("hidden", 1, true) }, { 3, nil }, got.stderr)
    t.match(got.stderr, "config.lua:1: ")
  end
end)

t.test("an e-mail address is checked", function()
  local code = [[config.service("probe", { { name = "mail", env = "PROBE_MAIL", type = "email", text = "whose" } })]]
  good { env = { PROBE_MAIL = "ops@example.com" }, code = code }
  for _, text in ipairs { "ops", "ops@", "@example.com", "o p@example.com", "ops@a@b", "ops:x@example.com" } do
    bad({ env = { PROBE_MAIL = text }, code = code }, "PROBE_MAIL", "is not an e-mail address")
  end
end)

t.test("a state folder that anybody can write to is refused", function()
  local folder = t.scratch .. "/open-state"
  os.execute("mkdir -p " .. folder .. " && chmod 777 " .. folder)
  local o = { env = with { SITERUN_STATE = folder }, code = "print(config.state_dir())" }
  bad(o, folder, "chmod 700")
  os.execute("chmod 755 " .. folder)
  t.equal(good(o), folder .. "\n")
end)

local SANDBOX = [[
  local settings = require("ticketing").declaration.settings
  local function ticketing(options) show(config.service("ticketing", settings, options)) end
  print(config.state_dir())
]]

t.test("with the sandbox nothing real is read, sent to or mixed with", function()
  local real = {
    TICKETING_URL = "https://real.example", TICKETING_KEY = "hidden-key",
    TICKETING_LIMIT = "nonsense", SITERUN_STATE = "postgresql://h/db",
    SITERUN_CONFIG = "/no/such",
  }
  local got = good { args = { "--sandbox" }, env = real, file = "nonsense", code = SANDBOX .. [[
    ticketing {
      url = "https://real.example", key = "hidden-too", region = "eu", limit = "7/1s",
    }
  ]] }
  t.match(got, "\nkey=TICKETING_KEY\nlimit=7 in 1 s\n")
  t.match(got, "\nurl=http://127%.0%.0%.1:%d+/")
  t.equal(got:find("region=", 1, true), nil)
end)

t.test("a limit of the environment is kept with the sandbox too", function()
  local got = good { args = { "--sandbox" }, env = { TICKETING_LIMIT = "5/2s" }, code = SANDBOX .. "ticketing()" }
  t.match(got, "\nlimit=5 in 2")
  local code = [[config.service("ticketing", require("ticketing").declaration.settings)]]
  bad({ args = { "--sandbox" }, env = { TICKETING_LIMIT = "nonsense" }, code = code }, "TICKETING_LIMIT", "COUNT/DURATION")
end)

t.test("the sandbox and its state are gone after the run", function()
  local got = good { args = { "--sandbox" }, code = SANDBOX .. [[
    ticketing()
    print(os.execute("test -d " .. config.state_dir()))
  ]] }
  t.match(got, "true\texit\t0\n$")
  t.equal(os.execute("test -e " .. got:match("^%C+")), nil)
  local port = got:match("127%.0%.0%.1:(%d+)")
  t.equal(os.execute(("bash -c '</dev/tcp/127.0.0.1/%s' 2>/dev/null"):format(port)), nil)
end)

t.test("a service that the sandbox does not simulate takes options alone", function()
  bad({ args = { "--sandbox" } },
    "PROBE_URL (or PROBE_REGION), PROBE_KEY are not set", "does not simulate")
  local code = [[probe { url = "http://localhost:9/v3", key = "abc" }]]
  t.match(good { args = { "--sandbox" }, code = code }, "url=http://localhost:9/v3\n")
end)
