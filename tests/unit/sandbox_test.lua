local json = require("c.json")
local sandbox = require("tests.sandbox")
local t = require("tests.t")
local window = require("sandbox.window")

t.test("prints the variables of the contract, then that it is ready", function()
  local sb <close> = sandbox.start()
  local names = {}
  for i = 1, #sb.lines - 1 do
    names[i] = sb.lines[i]:match("^export ([%u_]+)='[^']+'$")
  end
  t.equal(names, {
    "TELEPORTE_URL", "TELEPORTE_ORG_TOKEN", "TELEPORTE_USERNAME", "TELEPORTE_PASSWORD",
    "TICKETING_URL",
    "TICKETING_KEY", "TICKETING_READ_KEY", "TICKETING_USER_ID", "TICKETING_USER_NAME",
    "TICKETING_USER_EMAIL", "TEAMWORKLIVE_URL", "TEAMWORKLIVE_EMAIL", "TEAMWORKLIVE_API_KEY",
  })
  t.match(sb.vars.TELEPORTE_URL, "^http://127%.0%.0%.1:%d+/.*/v3$")
  t.equal(sb.lines[#sb.lines], "# ready")
end)

for _, case in ipairs {
  { { "--nonsense" }, "nonsense" }, { { "stray" }, "stray" }, { { "--port" }, "port" },
  { { "--port", "70000" }, "70000" }, { { "--expires", "someday" }, "someday" },
  { { "--limit", "ticketing=many" }, "COUNT/DURATION" },
  { { "--limit", "other=1/1s" }, "SERVICE" },
  { { "--fault", "ticketing GET /tickets" }, "SERVICE METHOD PATH" },
  { { "--fault", "ticketing GET /tickets melt 1" }, "melt" },
  { { "--fault", "ticketing GET /tickets 503 2" }, "probability" },
  { { "--token-place", "cookie" }, "cookie" },
} do
  t.test("refuses " .. table.concat(case[1], " "), function()
    local run = t.siterun { args = { "sandbox", table.unpack(case[1]) } }
    t.equal(run.code, 2)
    t.match(run.stderr, case[2])
    t.match(run.stderr, "see siterun sandbox %-%-help")
    t.equal(run.stdout, "")
  end)
end

t.test("says that the port is taken", function()
  local sb <close> = sandbox.start()
  local run = t.siterun { args = { "sandbox", "--port", sb.base:match("%d+$") } }
  t.equal(run.code, 5)
  t.match(run.stderr, "in use")
end)

t.test("a sliding window counts exactly", function()
  local log = window.new(3, 1000)
  t.equal({ log:admit(0), log:admit(400), log:admit(999) }, { 0, 0, 0 })
  t.equal(log:admit(999), 1, "waits for the first to leave")
  t.equal({ log:admit(1000), log:admit(1000) }, { 0, 400 })
  t.equal({ log:held(1999), log:held(2000), log.peak }, { 1, 0, 3 })
end)

t.test("every declared endpoint has a handler, and no handler is left over", function()
  for _, name in ipairs { "teleporte", "ticketing", "teamworklive" } do
    local handlers, declared = require("sandbox." .. name).handlers, {}
    for _, endpoint in ipairs(require(name).declaration.endpoints) do
      declared[endpoint.name] = true
      t.truthy(handlers[endpoint.name], "a handler for " .. name .. " " .. endpoint.name)
    end
    for handler in pairs(handlers) do
      t.truthy(declared[handler], "a declaration of " .. name .. " " .. handler)
    end
  end
end)

t.test("limits bite and say when to come back", function()
  local sb <close> = sandbox.start("--limit", "ticketing=2/60s", "--limit", "teamworklive=1/1h",
    "--limit", "teleporte=1/10m", "--retry-after", "date")
  for _, status in ipairs { 200, 200, 429, 429 } do
    t.equal(sb:tk("GET", "/tags").status, status)
  end
  local refused = sb:tk("GET", "/tags")
  t.match(refused.headers["retry-after"], "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$")
  t.equal(refused.json.statusCode, 429)
  t.equal(sb:tw("GET", "/clientcompanies.json").status, 200)
  local live = sb:tw("GET", "/clientcompanies.json")
  t.equal(live.status, 503)
  t.match(live.body, "Rate Limit Exceeded")
  t.truthy(live.headers["retry-after"])
  t.equal({ sb:login().status, sb:login().status }, { 201, 429 })
  local counters = sb:control("GET", "/counters").json
  t.equal(counters.ticketing.max_in_window, 5)
  t.equal(counters.ticketing.statuses, { ["200"] = 2, ["429"] = 3 })
end)

t.test("a window passes", function()
  local sb <close> = sandbox.start("--limit", "ticketing=1/300ms")
  t.equal(sb:tk("GET", "/tags").status, 200)
  local answer
  for _ = 1, 200 do
    answer = sb:tk("GET", "/tags")
    if answer.status == 200 then
      break
    end
    t.equal(answer.headers["retry-after"], "1")
  end
  t.equal(answer.status, 200)
end)

t.test("what is refused for its key does not use up the limit", function()
  local sb <close> = sandbox.start("--limit", "ticketing=1/60s")
  for _ = 1, 3 do
    t.equal(sb:tk("GET", "/tags", { key = "wrong" }).status, 401)
  end
  t.equal(sb:tk("GET", "/tags").status, 200)
end)

t.test("faults: an answer in place of the service's", function()
  local sb <close> = sandbox.start("--fault", "ticketing GET /tags 503/7 1 1", "--fault",
    "ticketing GET /instance html 1 1", "--fault",
      "teamworklive GET /clientcompanies/{id} 500 1")
  local first = sb:tk("GET", "/tags")
  t.equal({ first.status, first.headers["retry-after"] }, { 503, "7" })
  t.equal(sb:tk("GET", "/tags").status, 200)
  local page = sb:tk("GET", "/instance")
  t.equal({ page.status, page.headers["content-type"] }, { 502, "text/html" })
  t.equal(sb:tk("GET", "/instance").status, 200)
  t.equal(sb:tw("GET", "/clientcompanies/1.json").status, 500)
  t.equal(sb:tw("GET", "/clientcompanies/1.xml").status, 500)
  t.equal(sb:tw("GET", "/clientcompanies.json").status, 200)
end)

local CURL = { empty_reply = 52, partial = 18, timed_out = 28 }

local function count_tickets(sb)
  return sb:tk("GET", "/tickets?limit=1").json.itemCount
end

t.test("faults: connections that break, before and after the work", function()
  local sb <close> = sandbox.start("--tickets", "60")
  local function strike(text)
    t.equal(sb:control("POST", "/fault", { json = { fault = text } }).status, 200)
  end
  local function create(max_time)
    local body = { ticket = { title = "x", requestor = sb:user() }, user = sb:user() }
    return sb:tk("POST", "/tickets", { json = body, max_time = max_time })
  end
  strike("ticketing POST /tickets drop 1 1")
  t.equal({ create().curl, count_tickets(sb) }, { CURL.empty_reply, 60 })
  strike("ticketing POST /tickets stall 1 1")
  t.equal({ create(0.3).curl, count_tickets(sb) }, { CURL.timed_out, 60 })
  strike("ticketing POST /tickets lost 1 1")
  t.equal({ create().curl, count_tickets(sb) }, { CURL.empty_reply, 61 })
  strike("ticketing POST /tickets truncate 1 1")
  t.equal({ create().curl, count_tickets(sb) }, { CURL.partial, 62 })
  strike("ticketing POST /tickets empty 1 1")
  local empty = create()
  t.equal({ empty.status, empty.body, count_tickets(sb) }, { 201, "", 63 })
  strike("ticketing POST /tickets error 1 1")
  local wrong = create()
  t.equal({ wrong.status, wrong.json.error, count_tickets(sb) }, { 200, true, 63 })
  strike("ticketing GET /tickets/* bom 1 1")
  local ticket = create().json.item
  t.match(sb:tk("GET", "/tickets/" .. ticket.id).body, "^\u{FEFF}{")
end)

t.test("faults happen as often as they are told to, and the same ones with the same seed",
  function()
  local function statuses(seed)
    local sb <close> = sandbox.start("--seed", seed, "--fault", "ticketing * /tags 500 0.3")
    local list = {}
    for i = 1, 40 do
      list[i] = sb:tk("GET", "/tags").status
    end
    return list
  end
  local first = statuses("7")
  local failed = 0
  for _, status in ipairs(first) do
    failed = failed + (status == 500 and 1 or 0)
  end
  t.truthy(failed >= 4 and failed <= 24, "about 12 failures, not " .. failed)
  t.equal(statuses("7"), first)
end)

t.test("the list of requests holds no secret", function()
  local sb <close> = sandbox.start()
  sb:login()
  sb:tk("GET", "/tickets?limit=1")
  sb:tk("GET", "/tags", { key = "guess" })
  sb:tw("GET", "/projects.json")
  local answer = sb:control("GET", "/requests")
  t.equal(#answer.json.items, 4)
  for _, name in ipairs { "TELEPORTE_PASSWORD", "TICKETING_KEY", "TEAMWORKLIVE_API_KEY" } do
    t.truthy(not answer.body:find(sb.vars[name], 1, true), name .. " is hidden")
  end
  t.truthy(not answer.body:find("guess", 1, true), "a wrong key is hidden")
  local second = answer.json.items[2]
  t.equal({ second.number, second.service, second.method, second.path, second.query,
    second.status },
    { 2, "ticketing", "GET", "/tickets", "limit=1&key=***", 200 })
  t.equal(#sb:control("GET", "/requests?since=3").json.items, 1)
  t.equal(sb:control("GET", "/counters").json.teleporte.logins, 1)
end)

t.test("reset brings the seeded data back", function()
  local sb <close> = sandbox.start("--tickets", "60")
  local before = sb:tk("GET", "/tickets?limit=60&select=id,title,status").body
  local body = { ticket = { title = "x", requestor = sb:user() }, user = sb:user() }
  t.equal(sb:tk("POST", "/tickets", { json = body }).status, 201)
  t.equal(count_tickets(sb), 61)
  t.equal(sb:control("POST", "/reset").status, 200)
  t.equal(#sb:control("GET", "/requests").json.items, 0)
  t.equal(sb:tk("GET", "/tickets?limit=60&select=id,title,status").body, before)
  t.equal(sb:control("GET", "/nothing").status, 404)
end)

---Emails of those who have an open ticket, by site.
local function open_tickets(sb)
  local open = {}
  local items = sb:tk("GET", "/tickets?limit=1000&isResolved=false").json.items
  for _, ticket in ipairs(items) do
    local site = ticket.customFields.Site
    open[site .. ticket.requestor.email] = true
    open[site .. ticket.assignee.email] = true
  end
  return open, items
end

t.test("the seeded visits: some explained by a ticket, some not, some stale", function()
  local sb <close> = sandbox.start()
  local open, items = open_tickets(sb)
  t.equal(count_tickets(sb), 5000)
  t.truthy(#items > 500, "many open tickets")
  local explained, unexplained, stale, settled = 0, 0, 0, 0
  local today = os.date("!%Y-%m-%dT", os.time() - 86400)
  for _, session in ipairs(sb:tp("GET", "/work_sessions").json.data) do
    if session.status ~= 0 then
      settled = settled + 1
    elseif session.started_at_time < today then
      stale = stale + 1
    elseif open[session.site.name .. session.user.email] then
      explained = explained + 1
    else
      unexplained = unexplained + 1
    end
  end
  t.equal({ explained, unexplained, stale, settled }, { 14, 5, 5, 4 })
end)

t.test("tomorrow's planned visits name site, membership and time", function()
  local sb <close> = sandbox.start("--tickets", "300")
  local tomorrow = os.date("!%Y-%m-%d", os.time() + 86400)
  local found, sites = 0, {}
  for _, site in ipairs(sb:tp("GET", "/sites?order=asc").json.data) do
    sites[site.name] = site.id
  end
  local query = "/tickets?limit=1000&expectedDateAfter=%s&expectedDateBefore=%s"
  for _, ticket in ipairs(sb:tk("GET", query:format(tomorrow, tomorrow)).json.items) do
    local fields = ticket.customFields
    if fields["Visit start"] then
      found = found + 1
      t.truthy(sites[fields.Site], "a site called " .. fields.Site)
      t.match(fields["Visit start"], "^" .. tomorrow:gsub("%-", "%%-") .. " %d%d:%d%d:%d%d$")
      t.truthy(fields["Visit end"] > fields["Visit start"])
    end
  end
  t.equal(found, 12)
end)

t.test("unknown services and paths are not found", function()
  local sb <close> = sandbox.start()
  t.equal(sandbox.curl("GET", sb.base .. "/other").status, 404)
  t.equal(sb:tk("GET", "/nothing").status, 404)
  t.equal(sb:tk("POST", "/tags", { json = json.object {} }).status, 405)
end)
