-- Faults are seeded one by one; each must be found, with its place and what to do, and no secret shown.
local json = require "json"
local peer = require "tests.peer"
local sandbox = require "tests.sandbox"
local t = require "tests.t"

local count = 0

---A home of its own with a state folder.
local function home()
  count = count + 1
  local path = ("%s/doctor%d"):format(t.scratch, count)
  os.execute(("mkdir -p -m 700 %s/.config/siterun %s/state"):format(path, path))
  return path
end

local UNSET = { "SITERUN_CONFIG", "SITERUN_PROFILE", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "http_proxy", "https_proxy",
  "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "SITERUN_LUA" }

local function environment(place, variables)
  local env = { HOME = place, SITERUN_STATE = place .. "/state", TICKETING_URL = "https://tk.example.com/v1",
    TICKETING_KEY = "hidden-key-1" }
  for _, name in ipairs(UNSET) do env[name] = false end
  for name, value in pairs(variables or {}) do
    env[name] = type(value) == "string" and value:gsub("HOME", place) or value
  end
  return env
end

local function write_config(o)
  if not o.config then return end
  local path = o.home .. "/.config/siterun/config.lua"
  t.write(path, (o.config:gsub("HOME", o.home)))
  os.execute(("chmod %s %s"):format(o.mode or "600", path))
end

local function no_secret(text)
  t.equal(text:find("hidden", 1, true), nil, text)
end

---@param o table env, config, mode, args, prepare (a function, or a line of sh in the home)
---@return table run code, stdout, stderr, and seen: the object of --json
local function examine(o)
  o.home = o.home or home()
  write_config(o)
  if type(o.prepare) == "string" then
    assert(os.execute("cd " .. o.home .. " && " .. o.prepare:gsub("HOME", o.home)))
  elseif o.prepare then
    o.prepare(o.home)
  end
  local args = table.move(o.args or {}, 1, #(o.args or {}), #(o.before or {}) + 2,
    table.move({ "doctor" }, 1, 1, #(o.before or {}) + 1, { table.unpack(o.before or {}) }))
  local text = t.siterun { args = args, env = environment(o.home, o.env) }
  args[#args + 1] = "--json"
  local run = t.siterun { args = args, env = environment(o.home, o.env) }
  no_secret(run.stdout .. run.stderr .. text.stdout .. text.stderr)
  t.equal({ text.code, text.stderr }, { run.code, "" }, run.stderr)
  t.equal(run.stdout:find("\27", 1, true) or text.stdout:find("\27", 1, true), nil)
  run.seen, run.text = json.decode(run.stdout), text.stdout
  return run
end

local function shown(run)
  return run.text:match "\nfindings.*" or run.text
end

---@param o table as of examine
---@param level string
---@param where string
---@param what string
local function finds(o, level, where, what)
  local run = examine(o)
  where = where:gsub("HOME", o.home)
  for _, finding in ipairs(run.seen.findings) do
    if finding.level == level and finding.where:find(where, 1, true) and finding.what:find(what, 1, true) then
      t.truthy(#finding.advice > 5, "advice")
      t.truthy(run.text:find("to do: " .. finding.advice, 1, true), "the same for people")
      return run
    end
  end
  error(("no %s at %s: %s\n%s"):format(level, where, what, shown(run)), 2)
end

local function journal_with(place, code, url)
  local env = environment(place, { TICKETING_URL = url })
  return t.siterun { args = { "-e", code }, env = env }
end

local NOTE = 'require("journal").note { text = "a remark" }'

local function damage_journal(place)
  t.equal(journal_with(place, NOTE:rep(3, " ")).code, 0)
  local tables = "select name from sqlite_master where type='table' and name like 'record%'"
  local line = ([[cd %s/state && n=$(sqlite3 journal.db "%s" | head -n 1) && sqlite3 journal.db "update $n set body = '{}'"]])
  assert(os.execute(line:format(place, tables)))
end

local function break_off(place)
  local path = t.write(place .. "/broken.lua", NOTE .. " os.execute('kill -9 $PPID')")
  t.siterun { args = { path }, env = environment(place) }
end

local function lose_an_answer(place)
  local lost <close> = peer.listen({}, { { ["on"] = "POST /v1/tags", times = 0, cut = { at = "request", how = "reset" } } })
  local code = 'pcall(function() local c = require("ticketing").connect() c:request { method = "POST", path = "tags", json = {} } end)'
  journal_with(place, code, lost.url .. "/v1")
end

---Runs `siterun limits` in the home first, so that there is a file of slots to spoil.
local function after_limits(line)
  return function(place)
    t.equal(t.siterun { args = { "limits" }, env = environment(place) }.code, 0)
    assert(os.execute(("cd %s/state && for f in limit-*; do %s; done"):format(place, line)))
  end
end

local LITERAL = 'return { default = { ticketing = { region = "eu", key = "hidden-key-2" } } }'
local NO_TICKETING = { TICKETING_URL = false, TICKETING_KEY = false }

---Name, what is seeded, level, where, what, exit code.
local FAULTS = {
  { "an address that is none", { env = { TICKETING_URL = "ftp://tk.example.com" } }, "problem", "TICKETING_URL", "ftp" },
  { "plain http to another host", { env = { TICKETING_URL = "http://tk.example.com/v1" } }, "problem", "TICKETING_URL", "use https" },
  { "an address with a key in it", { env = { TICKETING_URL = "https://tk.example.com/?key=hidden-3" } }, "problem", "TICKETING_URL", "query" },
  { "a key that is not set", { env = { TICKETING_KEY = false } }, "problem", "ticketing", "TICKETING_KEY is not set" },
  { "a key that is missing beside a bad address", { env = { TICKETING_KEY = false, TICKETING_URL = "x" } }, "problem", "ticketing",
    "TICKETING_KEY is not set" },
  { "a key with a blank", { env = { TICKETING_KEY = "hidden-key-8 " } }, "warning", "TICKETING_KEY", "begins or ends with a blank", 0 },
  { "a key in quotes", { env = { TICKETING_KEY = '"hidden-key-8"' } }, "warning", "TICKETING_KEY", "quotation mark", 0 },
  { "a key behind a mark", { env = { TICKETING_KEY = "\u{FEFF}hidden-key-8" } }, "warning", "TICKETING_KEY", "byte order mark", 0 },
  { "a key that is no secret", { env = { TICKETING_KEY = "h\nhidden" } }, "problem", "TICKETING_KEY", "line break" },
  { "an unknown region", { env = { TICKETING_URL = false, TICKETING_REGION = "use" } }, "problem", "TICKETING_REGION", "us, eu, aus" },
  { "half of a user", { env = { TICKETING_USER_ID = "1" } }, "problem", "ticketing", "TICKETING_USER_NAME is not set" },
  { "a malformed limit", { env = { TICKETING_LIMIT = "100 a minute" } }, "problem", "TICKETING_LIMIT", "COUNT/DURATION" },
  { "a limit that is too high", { env = { TICKETING_LIMIT = "200/60s" } }, "warning", "TICKETING_LIMIT", "higher than", 0 },
  { "an address without its end", { env = { TELEPORTE_URL = "https://tp.example.com" } }, "problem", "TELEPORTE_URL", "/v3" },
  { "an e-mail address that is none", { env = { TEAMWORKLIVE_EMAIL = "office" } }, "problem", "TEAMWORKLIVE_EMAIL", "e-mail" },
  { "nothing configured", { env = NO_TICKETING }, "problem", "configuration", "no service is configured" },
  { "a secret in a file of others", { config = LITERAL, mode = "644", env = NO_TICKETING }, "problem", "config.lua", "others can read" },
  { "a file that others may change", { config = "return { default = {} }", mode = "622" }, "problem", "config.lua", "others can change" },
  { "a mistake in the file", { config = 'return { default = { ticketing = { key = "hidden-4\n' }, "problem", "config.lua", "unfinished string" },
  { "a file that can't be read", { env = { SITERUN_CONFIG = "HOME" } }, "problem", "HOME", "not a regular file" },
  { "a file that does not exist", { env = { SITERUN_CONFIG = "HOME/none.lua" } }, "problem", "none.lua", "does not exist" },
  { "a profile that does not exist", { config = LITERAL, env = { SITERUN_PROFILE = "tset" } }, "problem", "config.lua", "no profile \"tset\"" },
  { "a profile that nobody asked for", { config = LITERAL:gsub("default", "live"), env = NO_TICKETING }, "problem", "config.lua",
    'there is no profile "default"' },
  { "a profile without a name", { config = "return { { ticketing = {} } }" }, "problem", "config.lua", "a profile has a name" },
  { "a number for a text", { config = 'return { default = { ticketing = { limit = 100 } } }' }, "problem", "ticketing.limit", "100 is not COUNT" },
  { "an authority's file that is missing", { config = 'return { default = { ticketing = { ca_file = "/none.pem" } } }' }, "problem",
    "ticketing.ca_file", "No such file" },
  { "an authority's file that is empty", { config = 'return { default = { ticketing = { ca_file = "/dev/null" } } }' }, "problem",
    "ticketing.ca_file", "is no file" },
  { "a profile that steers a terminal", { config = LITERAL, env = { SITERUN_PROFILE = "\27[31m" } }, "problem", "config.lua",
    "no profile" },
  { "a section that does not exist", { config = "return { default = { tiketing = {} } }" }, "problem", "config.lua", "tiketing" },
  { "a key of a section that does not exist", { config = "return { default = { ticketing = { keey = 1 } } }" }, "problem", "section ticketing",
    "keey" },
  { "a secret's file that is missing", { config = 'return { default = { ticketing = { key = secret.file "no" } } }',
    env = { TICKETING_KEY = false } }, "problem", "default.ticketing.key", "/no" },
  { "a secret's file of others", { config = 'return { default = { ticketing = { key = secret.file "HOME/key" } } }',
    env = { TICKETING_KEY = false }, prepare = "echo hidden-5 > key && chmod 644 key" }, "problem", "default.ticketing.key", "chmod 600" },
  { "a secret's command that fails", { config = 'return { default = { ticketing = { key = secret.command { "false" } } } }',
    env = { TICKETING_KEY = false } }, "problem", "default.ticketing.key", "false" },
  { "a proxy that is none", { config = 'return { default = { ticketing = { proxy = "ftp://u:hidden@p" } } }' }, "problem", "ticketing.proxy",
    "proxy" },
  { "a proxy of the environment", { env = { https_proxy = "http://u:hidden@proxy.example.com" } }, "warning", "https_proxy",
    "does not follow", 0 },
  { "a variable of a service that is misspelt", { env = { TICKETING_KYE = "hidden-7" } }, "warning", "TICKETING_KYE",
    'did you mean "TICKETING_KEY"', 0 },
  { "a variable of siterun that is misspelt", { env = { SITERUN_PROFIL = "night" } }, "warning", "SITERUN_PROFIL",
    'did you mean "SITERUN_PROFILE"', 0 },
  { "a misspelt service", { env = { TELEPORT_URL = "https://tp.example.com/v3" } }, "warning", "TELEPORT_URL",
    'did you mean "TELEPORTE_URL"', 0 },
  { "an address and a region", { env = { TICKETING_REGION = "us" } }, "warning", "TICKETING_REGION", "beside TICKETING_URL", 0 },
  { "a state folder that can't be made", { env = { SITERUN_STATE = "/proc/none" } }, "problem", "/proc/none", "can't be made" },
  { "a state folder that is not writable", { prepare = "chmod 500 state" }, "problem", "HOME/state", "not writable" },
  { "a state folder that is a file", { env = { SITERUN_STATE = "HOME/file" }, prepare = "touch file" }, "problem", "HOME/file", "is a file" },
  { "a state folder for all", { prepare = "chmod 777 state" }, "problem", "HOME/state", "others can change" },
  { "a state folder that others see", { prepare = "chmod 755 state" }, "warning", "HOME/state", "others can see", 0 },
  { "nothing that says where the state goes", { env = { HOME = false, SITERUN_STATE = false } }, "warning", "", "nothing says", 0 },
  { "a state folder of all users", { prepare = "mkdir shared && chmod 1777 shared && touch shared/other && chmod 644 shared/other",
    env = { SITERUN_STATE = "HOME/shared" } }, "problem", "HOME/shared", "others can change" },
  { "a state that is no folder", { env = { SITERUN_STATE = "postgresql://h/hidden" } }, "problem", "SITERUN_STATE", "folder" },
  { "a file of the state for all", { prepare = "touch state/history && chmod 644 state/history" }, "problem", "state/history", "mode 0644" },
  { "a damaged journal", { prepare = damage_journal }, "problem", "journal.db", "" },
  { "a journal that is none", { prepare = "echo nonsense > state/journal.db && chmod 600 state/journal.db" }, "problem", "journal.db", "" },
  { "a damaged file of slots", { prepare = after_limits "dd if=/dev/zero of=$f bs=8 count=4 conv=notrunc status=none" }, "problem",
    "state/limit-", "is damaged" },
  { "a file of slots that was cut", { prepare = after_limits "truncate -s 1000 $f" }, "problem", "state/limit-", "is damaged" },
  { "writes of unknown outcome", { prepare = lose_an_answer }, "problem", "journal", "outcome of 1 write is unknown", 7 },
  { "a run that broke off", { prepare = break_off }, "warning", "journal", "broke off", 0 },
}

for _, fault in ipairs(FAULTS) do
  t.test("finds " .. fault[1], function()
    local run = finds(fault[2], fault[3], fault[4], fault[5])
    t.equal(run.code, fault[6] or 3, shown(run))
    t.equal(run.seen.code, run.code)
  end)
end

t.test("finds nothing where nothing is wrong, sends nothing and changes nothing", function()
  local quiet <close> = peer.listen({}, {})
  local run = examine { env = { TICKETING_URL = quiet.url } }
  t.equal({ run.code, #run.seen.findings, #quiet:record().requests }, { 0, 0, 0 }, shown(run))
  t.match(run.text, "\nnothing is wrong\n$")
  t.equal(os.execute(("test -z \"$(ls %s/doctor%d/state)\""):format(t.scratch, count)), true)
end)

t.test("files in the state folder that are not siterun's are left alone", function()
  local run = examine { prepare = "touch state/other && chmod 644 state/other" }
  t.equal({ run.code, #run.seen.findings }, { 0, 0 }, shown(run))
end)

t.test("a state folder may be named from here", function()
  local run = finds({ env = { SITERUN_STATE = "none/here" } }, "warning", "SITERUN_STATE", "one state for each folder")
  t.equal({ run.code, #run.seen.findings }, { 0, 1 }, shown(run))
end)

t.test("a version may be written as a number", function()
  local run = examine { config = "return { default = { ticketing = { api = 1.1 } } }" }
  t.equal({ run.code, #run.seen.findings }, { 0, 0 }, shown(run))
  t.match(run.text, "\n  api +1%.1 ")
end)

t.test("advises to close files, not folders", function()
  local run = examine { env = { SITERUN_CONFIG = "/tmp" } }
  t.equal({ run.code, #run.seen.findings, run.text:find("chmod", 1, true) }, { 3, 1, nil }, shown(run))
end)

t.test("mistakes in the file are told by their line", function()
  for _, call in ipairs { "secret.command {}", "secret.command { 1 }", "secret.command()", "secret.env()", "secret.file ''" } do
    local run = examine { config = "return { default = { ticketing = {\nkey = " .. call .. " } } }" }
    t.match(run.seen.findings[1].what, "config.lua:2: secret%.%a+ wants ")
  end
end)

t.test("a password in an address is hidden wherever it is written", function()
  local address = "https://me:hidden@h.example"
  examine { env = { TICKETING_USER_ID = address, TICKETING_USER_NAME = "a", TICKETING_USER_EMAIL = "b", TEAMWORKLIVE_EMAIL = address } }
end)

t.test("a file of slots of another version is left alone", function()
  local grow = [[size=$(stat -c %s $f) && printf '\100\342\001' | dd of=$f bs=1 seek=8 conv=notrunc status=none && truncate -s 123456 $f && mv $f limit-0]]
  local run = examine { prepare = after_limits(grow) }
  t.equal({ run.code, #run.seen.findings }, { 0, 0 }, shown(run))
end)

t.test("says where each setting comes from", function()
  local run = examine { env = { TICKETING_KEY = false, SITERUN_PROFILE = "night" }, before = { "--config", "HOME" },
    home = home() }
  t.equal(run.code, 3)
  local config = 'return { night = { ticketing = { key = secret.env "NIGHT", api = "1.1" } } }'
  run = examine { config = config, env = { TICKETING_KEY = false, NIGHT = "hidden-6", SITERUN_PROFILE = "night" } }
  t.equal({ run.code, run.seen.configuration.profile, run.seen.configuration.profile_named }, { 0, "night", "SITERUN_PROFILE" })
  local from = {}
  for _, setting in ipairs(run.seen.services[2].settings) do from[setting.name] = { setting.value, setting.from } end
  local path = run.seen.configuration.path
  t.equal(from.url, { "https://tk.example.com/v1", "TICKETING_URL" })
  t.equal(from.key, { "set", path .. ": night.ticketing.key (secret.env)" })
  t.equal(from.api, { "1.1", path .. ": night.ticketing.api" })
  t.equal(from.limit, { "100/60s", "default" })
  t.match(run.text, "\n  key +set +/.*night.ticketing.key %(secret.env%)\n")
end)

t.test("the versions are those of --version", function()
  local run = examine { env = { TICKETING_URL = "https://tk.example.com" } }
  for name, text in t.siterun { args = { "-v" } }.stdout:gmatch "(%S+) ([^\n]+)\n" do t.equal(run.seen.versions[name], text) end
end)

t.test("--online asks each service once, within its limit", function()
  local sb <close> = sandbox.start()
  local run = examine { env = sb.vars, args = { "--online" } }
  t.equal({ run.code, #run.seen.findings, #run.seen.online }, { 0, 0, 3 }, shown(run))
  local counters = sb:control("GET", "/counters").json
  local function sent(name) return counters[name].requests - counters[name].logins end
  t.equal({ sent "teleporte", sent "ticketing", sent "teamworklive", counters.teleporte.logins }, { 2, 2, 2, 1 }, "of two runs")
  t.equal(run.seen.limits[2].used, 1, "that of the run before")
end)

---What the service answers, and what is found.
local ANSWERS = {
  { "wrong credentials", { status = 401, json = { message = "no such key" } }, "ticketing", "no such key (HTTP 401)", 3 },
  { "a key of another region", { status = 401, json = { message = "Access denied due to invalid subscription key" } }, "ticketing",
    "invalid subscription key", 3, "another region's" },
  { "a lack of permission", { status = 403, json = { message = "not yours" } }, "ticketing", "not yours", 4 },
  { "a service that fails", { status = 503, body = "down" }, "ticketing", "(HTTP 503)", 5 },
  { "a clock that is an hour ahead", { json = {}, headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() - 3600) } }, "clock",
    "ahead of that of ticketing", 3 },
  { "a clock that is an hour behind", { json = {}, headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 3600) } }, "clock",
    "behind that of ticketing", 3 },
}

for _, row in ipairs(ANSWERS) do
  t.test("--online finds " .. row[1], function()
    row[2].times = 0
    local service <close> = peer.listen({}, { row[2] })
    local run = finds({ env = { TICKETING_URL = service.url }, args = { "--online" } }, "problem", row[3], row[4])
    t.equal(run.code, row[5], shown(run))
    t.truthy(run.text:find(row[6] or "", 1, true), shown(run))
    t.equal(#service:record().requests, 2, "requests of two runs: nothing is repeated")
  end)
end

t.test("--online finds that nobody answers", function()
  local run = finds({ env = { TICKETING_URL = "http://127.0.0.1:1" }, args = { "--online" } }, "problem", "ticketing", "")
  t.equal(run.code, 5, shown(run))
end)

t.test("the sandbox can be examined", function()
  local run = examine { env = NO_TICKETING, before = { "--sandbox" }, args = { "--online" } }
  t.equal({ run.code, #run.seen.findings, #run.seen.online }, { 0, 0, 3 }, shown(run))
end)

t.test("takes no other words", function()
  t.equal(t.siterun { args = { "doctor", "now" } }.code, 2)
  t.equal(t.siterun { args = { "doctor", "--onlin" } }.code, 2)
end)
