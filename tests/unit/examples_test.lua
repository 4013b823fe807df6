---Every recipe of examples/ against a sandbox; what it did is read back from the services.
local json = require("c.json")
local peer = require("tests.peer")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local OPEN = { Open = true, Reopened = true, Started = true }
local PENDING, APPROVED, DECLINED = 0, 1, 2
local DAY = 24 * 3600
local SITE = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7001"
local NOTES = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7005"

local function start(...)
  local sb = sandbox.start("--tickets", "600", ...)
  sb.env = { SITERUN_STATE = t.scratch .. "/examples-state", XDG_CONFIG_HOME = t.scratch,
    SITERUN_CONFIG = false, SITERUN_PROFILE = false }
  for name, value in pairs(sb.vars) do
    sb.env[name ~= "" and name or "IGNORED"] = value
  end
  return sb
end

---Runs a recipe to its end. `given.code` is what it must end with, 0 unless told.
local function run(sb, name, given)
  given = given or {}
  local done = t.siterun { args = { "examples/" .. name .. ".lua", table.unpack(given) },
    stdin = given.stdin, env = sb.env }
  t.equal({ done.code, given.code and "" or done.stderr }, { given.code or 0, "" }, done.stderr)
  return done
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

local function arrived(sb)
  return sb:control("GET", "/requests").json.items
end

---The writes that came after the first `known` requests: "METHOD path", and their bodies.
local function writes(sb, known)
  local names, bodies = {}, {}
  for i, request in ipairs(arrived(sb)) do
    if i > known and request.method ~= "GET" and request.path ~= "/sessions" then
      names[#names + 1] = request.method .. " " .. request.path
      bodies[#bodies + 1] = json.decode(request.body)
    end
  end
  return names, bodies
end

local function tickets(sb, query)
  local answer = sb:tk("GET", "/tickets?limit=1000&orderBy=ticketId&" .. (query or "order=ASC"))
  for _, ticket in ipairs(answer.json.items) do
    ticket.status = ticket.status:match("^ *(.*)")
  end
  return answer.json.items
end

local function stamp(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S", os.time() + seconds)
end

local function sessions(sb)
  return sb:tp("GET", "/work_sessions").json.data
end

local function create(sb, title, more)
  local user = sb:user()
  local ticket = { title = title, requestor = user }
  for name, value in pairs(more or {}) do ticket[name] = value end
  local answer = sb:tk("POST", "/tickets", { json = { ticket = ticket, user = user } })
  t.equal(answer.status, 201)
  return answer.json.item
end

local function set_status(sb, ticket, status)
  local answer = sb:tk("PUT", "/tickets/" .. ticket.id .. "/status",
    { json = { status = status, user = sb:user() } })
  t.equal(answer.status, 200)
end

for _, name in ipairs { "approve", "keys", "alarm", "export", "mirror", "weather" } do
  t.test(name .. " is a short executable recipe", function()
    local text = t.read("examples/" .. name .. ".lua")
    t.match(text, "^#!/usr/bin/env siterun\n%-%- ")
    t.truthy(#lines(text) <= 30, name .. " has at most 30 lines")
    t.truthy(os.execute("test -x examples/" .. name .. ".lua"), "an executable file")
  end)
end

---The newest open ticket of a session's technician for its site, found the slow way.
local function explanation(session, all)
  local found
  for _, ticket in ipairs(all) do
    local is_theirs = ticket.assignee.email == session.user.email
      or ticket.requestor.email == session.user.email
    if OPEN[ticket.status] and is_theirs and ticket.customFields.Site == session.site.name then
      found = ticket.ticketNo
    end
  end
  return found and tostring(found)
end

local function check_session(before, after, all, account)
  if before.status ~= PENDING then
    return t.equal(after, before)
  end
  local who = before.user.name .. " at " .. before.site.name
  local number = explanation(before, all)
  if before.started_at_time < stamp(-DAY) then
    t.equal(after.status, DECLINED)
    t.truthy(account:find("declined:     " .. who, 1, true), who .. " told as declined")
  elseif number then
    t.equal({ after.status, after.options.ticket_number }, { APPROVED, number })
    t.equal(after.options.chosen_tasks, before.options.tasks)
    t.truthy(account:find("approved:     " .. who .. ", open ticket " .. number, 1, true), who)
  else
    t.equal(after, before)
    t.truthy(account:find("left pending: " .. who, 1, true), who .. " told as left pending")
  end
  return after.status .. (number and " with" or " without") .. " ticket"
end

local function technician(sb, session)
  for _, person in ipairs(sb:tk("GET", "/instance").json.item.assignees.peoples) do
    local email = person.email or person.secondaryText
    if email == session.user.email then
      return { id = person.id, name = session.user.name, email = email }
    end
  end
end

---One session gets a second ticket, that of another becomes "Reopened".
local function complicate(sb)
  local all, is_newer, is_reopened = tickets(sb), false, false
  for _, session in ipairs(sessions(sb)) do
    local number = explanation(session, all)
    if session.status == PENDING and number and not is_newer then
      create(sb, "Newer", { assignee = technician(sb, session),
        customFields = { [SITE] = session.site.name } })
      is_newer = true
    elseif session.status == PENDING and number and not is_reopened then
      local ticket = sb:tk("GET", "/tickets?search=" .. number).json.items[1]
      t.equal(tostring(ticket.ticketNo), number)
      for _, status in ipairs { "Started", "Resolved", "Reopened" } do
        set_status(sb, ticket, status)
      end
      is_reopened = true
    end
  end
end

t.test("approve settles what can be settled, and says why", function()
  local sb <close> = start()
  complicate(sb)
  local before, all, kinds = sessions(sb), tickets(sb), {}
  local account = run(sb, "approve").stdout
  for i, after in ipairs(sessions(sb)) do
    local kind = check_session(before[i], after, all, account)
    kinds[kind or "decided before"] = true
  end
  t.truthy(kinds["1 with ticket"] and kinds["2 without ticket"] and kinds["0 without ticket"]
    and kinds["decided before"], "every kind of session occurs")
end)

t.test("approve run again writes nothing", function()
  local sb <close> = start()
  run(sb, "approve")
  local known = #arrived(sb)
  local account = lines(run(sb, "approve").stdout)
  t.equal(writes(sb, known), {})
  for _, line in ipairs(account) do t.match(line, "^left pending: ") end
end)

local function planned(sb)
  local visits, day = {}, stamp(DAY):sub(1, 10)
  for _, ticket in ipairs(tickets(sb, "order=DESC&status=Open")) do
    local first = ticket.customFields["Visit start"]
    if first and first:sub(1, 10) == day then visits[#visits + 1] = ticket end
  end
  return visits
end

local function locks_of(sb, name)
  for _, site in ipairs(sb:tp("GET", "/sites").json.data) do
    if site.name == name then
      local ids = {}
      for i, lock in ipairs(sb:tp("GET", "/sites/" .. site.id .. "/locks").json.data) do
        ids[i] = lock.id
      end
      return json.array(ids)
    end
  end
end

local function wanted_key(sb, ticket)
  local field = ticket.customFields
  return { key = {
    lock_ids = locks_of(sb, field.Site), membership_ids = { field["Technician membership"] },
    start_date = field["Visit start"], end_date = field["Visit end"],
    ticket_number = tostring(ticket.ticketNo),
  } }
end

local function note(sb, ticket, text)
  local answer = sb:tk("PUT", "/tickets/" .. ticket.id, { json = {
    updates = { customFields = { [NOTES] = text } },
    user = sb:user(),
  } })
  t.equal(answer.status, 200)
end

t.test("keys gives each planned visit keys of all locks, once", function()
  local sb <close> = start()
  local visits = planned(sb)
  t.truthy(#visits > 3, "several planned visits")
  note(sb, visits[1], "keys issued: 1")
  note(sb, visits[2], "Gate code 77. ")
  local known = #arrived(sb)
  run(sb, "keys")
  local names, bodies = writes(sb, known)
  t.equal(#names, 2 * (#visits - 1))
  for i = 2, #visits do
    t.equal(names[2 * i - 3], "POST /keys")
    t.equal(bodies[2 * i - 3], wanted_key(sb, visits[i]))
    t.match(planned(sb)[i].customFields["Access notes"], "keys issued: %d")
  end
  t.match(planned(sb)[2].customFields["Access notes"], "^Gate code 77%. keys issued: %d")
  known = #arrived(sb)
  t.equal(#lines(run(sb, "keys").stdout), #visits)
  t.equal(writes(sb, known), {})
end)

local function alarm_of(text)
  return assert(json.encode { site = "Mendip Mast", severity = "critical", text = text,
    from = "noc@example.com" })
end

t.test("alarm makes one ticket, whose number it prints", function()
  local sb <close> = start()
  local text = "Door \"A\" forcée; 3 > 2\n& open"
  local number = run(sb, "alarm", { stdin = alarm_of(text) }).stdout
  local ticket = tickets(sb, "order=DESC")[1]
  t.equal(number, ticket.ticketNo .. "\n")
  local description = ticket.description:gsub("\n\n%[siterun %x+%]$", "")
  t.equal({ ticket.title, description, ticket.priority, ticket.requestor.email,
      ticket.customFields.Site },
    { 'Door "A" forcée; 3 > 2 - Mendip Mast', text, "Urgent", "noc@example.com",
      "Mendip Mast" })
  local known = #arrived(sb)
  t.equal(run(sb, "alarm", { stdin = alarm_of(text) }).stdout, number)
  t.equal(writes(sb, known), {})
  t.truthy(run(sb, "alarm", { stdin = alarm_of("Another") }).stdout ~= number)
end)

for _, case in ipairs {
  { "", "the text is empty", 5 }, { "{", "ends too early", 5 }, { "7", "must be a JSON object", 1 },
  { '{"severity":"minor","text":"t","from":"a"}', "site is missing", 1 },
  { '{"site":"s","severity":"minor","text":["t"],"from":"a"}', "text is missing, empty or", 1 },
  { '{"site":"s","severity":"huge","text":"t","from":"a"}', "severity must be critical", 1 },
} do
  t.test("alarm sends nothing for " .. case[1], function()
    local sb <close> = start()
    local done = run(sb, "alarm", { stdin = case[1], code = case[3] })
    t.match(done.stderr, "^siterun: examples/alarm.lua:%d+: .*" .. case[2])
    t.equal({ done.stdout, #arrived(sb) }, { "", 0 })
  end)
end

---Reads RFC 4180 strictly: rows of cells.
local function parse_csv(text)
  local rows, row, at = {}, {}, 1
  while at <= #text do
    local cell, after
    if text:sub(at, at) == '"' then
      local quoted, stop = text:match('^"(.-)"()[,\r]', at)
      while quoted and select(2, quoted:gsub('"', "")) % 2 == 1 do
        stop = text:match('^.-"()[,\r]', stop)
        quoted = text:sub(at + 1, stop - 2)
      end
      cell, after = quoted:gsub('""', '"'), stop
    else
      cell, after = text:match('^([^",\r\n]*)()', at)
    end
    row[#row + 1] = cell
    local comma = text:sub(after, after) == ","
    t.truthy(comma or text:sub(after, after + 1) == "\r\n", "a comma or a line end at " .. after)
    at = after + (comma and 1 or 2)
    if not comma then rows[#rows + 1], row = row, {} end
  end
  return rows
end

t.test("export writes every ticket as CSV, page by page", function()
  local sb <close> = start()
  create(sb, 'Comma, "quote",\r\nand line; \'plain\'')
  create(sb, '"')
  local all, known = tickets(sb), #arrived(sb)
  local rows = parse_csv(run(sb, "export").stdout)
  t.equal(rows[1], { "Number", "Title", "Status", "Priority", "Site", "Assignee", "Made", "Due" })
  t.equal(#rows, #all + 1)
  for i, ticket in ipairs(all) do
    t.equal(rows[i + 1], { tostring(ticket.ticketNo), ticket.title, ticket.status,
      ticket.priority, ticket.customFields.Site or "", ticket.assignee.name, ticket.createdOn,
      ticket.expectedDate or "" })
  end
  local pages = #arrived(sb) - known
  t.equal(pages, 2, "602 tickets in pages of 500")
end)

local function tasks(sb)
  local found = sb:tw("GET", "/tasks.json?project_id=2").json
  for i, task in ipairs(found) do found[i] = task.name .. "|" .. tostring(task.completed) end
  table.sort(found)
  return found
end

t.test("mirror adds each resolved ticket to the project, once", function()
  local sb <close> = start()
  local wanted = tasks(sb)
  for _, ticket in ipairs(tickets(sb, "order=ASC&status=Resolved")) do
    if ticket.lastResolutionOn >= stamp(-20 * DAY):sub(1, 10) then
      wanted[#wanted + 1] = ("#%d %s|true"):format(ticket.ticketNo, ticket.title)
    end
  end
  table.sort(wanted)
  t.truthy(#wanted - #tasks(sb) > 3, "several tickets were resolved lately")
  run(sb, "mirror", { "Tower strengthening", "20" })
  t.equal(tasks(sb), wanted)

  t.equal(run(sb, "mirror", { "Tower strengthening", "20" }).stdout, "")
  t.equal(tasks(sb), wanted)

  local ticket = create(sb, "Just done")
  set_status(sb, ticket, "Started")
  set_status(sb, ticket, "Resolved")
  local line = ("#%d Just done\n"):format(ticket.ticketNo)
  t.equal(run(sb, "mirror", { "Tower strengthening", "20" }).stdout, line)
end)

t.test("mirror names the project that is not there", function()
  local sb <close> = start()
  local done = run(sb, "mirror", { "Nowhere", code = 1 })
  t.match(done.stderr, "TeamWork Live has no project Nowhere")
end)

local GUSTS = { daily = { time = { "2026-07-01", "2026-07-02" },
  wind_gusts_10m_max = { 41.5, 88 } } }

t.test("weather calls a service that is declared in the recipe", function()
  local feed <close> = peer.listen({}, { { json = GUSTS } })
  local done = run({ env = { WEATHER_URL = feed.url } }, "weather", { "51.3", "-2.6", "2" })
  t.equal(done.stdout, "2026-07-01\t41.5 km/h\n2026-07-02\t88 km/h\n")
  t.equal(feed:record().requests[1].target, "/v1/forecast?latitude=51.3&longitude=-2.6"
    .. "&forecast_days=2&daily=wind_gusts_10m_max")
end)

t.test("weather checks its parameters before anything is sent", function()
  local feed <close> = peer.listen()
  local env = { env = { WEATHER_URL = feed.url } }
  for _, case in ipairs {
    { "91", "2", "latitude must be %-90 to 90, not 91" }, { "51", "x", "missing: longitude" },
  } do
    local done = run(env, "weather", { case[1], case[2], code = 2 })
    t.match(done.stderr, case[3])
  end
  t.equal(#feed:record().requests, 0)
end)

t.test("the demo runs the recipes one after the other", function()
  local done = t.siterun { program = "examples/demo", args = { t.program },
    env = { TICKETING_KEY = "not-used", SITERUN_CONFIG = "/nowhere" } }
  t.equal({ done.code, done.stderr }, { 0, "" })
  for _, pattern in ipairs { "\napproved:     [^\n]+, open ticket %d", "\ndeclined: ",
    "\nleft pending: ", "keys issued: %d", "\n%d%d%d%d\n", "\nNumber,Title", "\n#%d+ " } do
    t.match(done.stdout, pattern)
  end
end)
