---The last request as a command of curl: run by a shell, it does what the call did.
local sandbox = require("tests.sandbox")
local t = require("tests.t")

---Runs code in a session and what `:curl` printed in a shell that has the variables.
local function curl_of(box, code)
  local run = t.siterun({ args = { "-i" }, env = box.vars, stdin = code .. "\n:curl\n" })
  local command = run.stdout:match("(SESSION=.*)$") or run.stdout:match("(curl %-sS.*)$")
  t.truthy(command, run.stdout .. run.stderr)
  local path = t.write(t.scratch .. "/curl.sh", "set -u\n" .. command)
  local shell = t.siterun({ program = "sh", args = { path }, env = box.vars })
  for name, value in pairs(box.vars) do
    local is_secret = name:find("KEY") or name:find("TOKEN") or name:find("PASSWORD")
    t.truthy(not is_secret or not run.stdout:find(value, 1, true), name)
  end
  t.equal(shell.stderr, "")
  return shell.stdout, command
end

t.test(":curl: reads and writes of each service run again in a shell", function()
  local box <close> = sandbox.start()
  local out, command = curl_of(box, "ticketing.connect().tickets:list { search = 'a b', limit = 1 }")
  t.match(out, '^{"')
  t.match(command, '%-%-url%-query "key=%$TICKETING_READ_KEY"')
  t.match(curl_of(box, "teleporte.connect().sites:list()"), '"Mendip Mast"')
  t.match(curl_of(box, "teamworklive.connect():get('clientcompanies')"), '"Northern Power"')
end)

t.test(":curl: texts with quotes, variables and line ends survive the shell", function()
  local box <close> = sandbox.start()
  local title = [[It's "5" $HOME `x` \n {a,b} é]]
  local out, command = curl_of(box, ("ticketing.connect({ reference = false }).tickets:create { title = %q, "
    .. "requestor = { id = '1', name = 'Ana', email = 'a@x.org' } }"):format(title))
  t.truthy(out:find(require("json").encode(title), 1, true), out)
  t.match(command, '%-%-url%-query "key=%$TICKETING_KEY"')
end)

t.test(":curl: what would steer a terminal is written by its numbers", function()
  local box <close> = sandbox.start()
  local out, command = curl_of(box, [[ticketing.connect():request { method = "GET", path = "/tickets",
    query = { limit = 1 }, headers = { ["X-A"] = "é\u{9b}" }, body = "'\27[2J\tü" }]])
  t.match(out, '^{"')
  t.truthy(command:find([['X-A: '"$(printf '\303\251\302\233')"'']], 1, true), command)
  t.truthy(command:find([[''\'''"$(printf '\033')"'[2J]] .. "\tü'", 1, true), command)
end)

t.test(":curl: also of a call that failed, and of http", function()
  local box <close> = sandbox.start()
  local out = curl_of(box, "ticketing.connect().tickets:get('nothing-of-this-id')")
  t.match(out, '"statusCode":%s*404')
  local code = "http.get(%q .. '/_sandbox/log?since=0', { query = { ['a&b'] = 'c d' } })"
  local _, command = curl_of(box, code:format(box.base))
  t.match(command, "/_sandbox/log%?since=0&a%%26b=c%%20d'\n")
end)

t.test(":curl says when there is nothing yet", function()
  local run = t.siterun({ args = { "-i" }, stdin = ":curl\n" })
  t.equal(run, { code = 0, stdout = "", stderr = "siterun: nothing was sent yet\n" })
end)
