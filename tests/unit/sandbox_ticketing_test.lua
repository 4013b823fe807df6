local json = require("c.json")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

---Limits are not what these tests are about.
local function start(...)
  return sandbox.start("--tickets", "250", "--limit", "ticketing=none", ...)
end

t.test("the key goes into the query, and the read key cannot write", function()
  local sb <close> = start()
  local body = { ticket = { title = "x", requestor = sb:user() }, user = sb:user() }
  local read = sb.vars.TICKETING_READ_KEY
  t.equal(sb:tk("GET", "/tags", { key = read }).status, 200)
  t.equal(sb:tk("POST", "/tickets", { key = read, json = body }).status, 403)
  t.equal(sb:tk("POST", "/tickets", { json = body }).status, 201)
  t.equal(sb:tk("GET", "/tags", { key = "wrong" }).status, 401)
  t.equal(sb:tk("GET", "/tags", { key = false }).status, 401)
  local headers = { ["Ocp-Apim-Subscription-Key"] = sb.vars.TICKETING_KEY }
  local answer = sb:tk("GET", "/tags", { key = false, headers = headers })
  t.equal({ answer.status, answer.json.statusCode }, { 401, 401 })
end)

local function pages(sb, query)
  local list, token = {}, nil
  repeat
    local headers = token and { continuationToken = token }
    local answer = sb:tk("GET", "/tickets?" .. query, { headers = headers })
    t.equal(answer.status, 200)
    list[#list + 1] = answer.json.items
    token = answer.json.continuationToken or answer.headers.continuationtoken
  until not token
  return list
end

for _, place in ipairs { "body", "header" } do
  t.test("pages hold every ticket once; the token comes in the " .. place, function()
    local sb <close> = start("--token-place", place)
    local seen, sizes = {}, {}
    for i, items in ipairs(pages(sb, "limit=100")) do
      sizes[i] = #items
      for _, ticket in ipairs(items) do
        t.equal(seen[ticket.id], nil)
        seen[ticket.id] = true
      end
    end
    t.equal(sizes, { 100, 90, 60 }, "the second one is short and not the last")
    local first = sb:tk("GET", "/tickets?limit=100")
    t.equal(first.json.continuationToken ~= nil, place == "body")
  end)
end

t.test("a token belongs to its query", function()
  local sb <close> = start()
  local token = sb:tk("GET", "/tickets?limit=100").json.continuationToken
  local headers = { continuationToken = token }
  t.equal(sb:tk("GET", "/tickets?limit=100", { headers = headers }).status, 200)
  t.equal(sb:tk("GET", "/tickets?limit=100&offset=7", { headers = headers }).status, 200)
  t.equal(sb:tk("GET", "/tickets?limit=100&priority=Low", { headers = headers }).status, 400)
  t.equal(sb:tk("GET", "/tickets?limit=100", { headers = { continuationToken = "x" } }).status,
    400)
end)

t.test("offset and limit; ten tickets unless told", function()
  local sb <close> = start()
  local all = sb:tk("GET", "/tickets?limit=30").json.items
  t.equal(sb:tk("GET", "/tickets?limit=5&offset=20").json.items[1].id, all[21].id)
  t.equal(#sb:tk("GET", "/tickets").json.items, 10)
  t.truthy(sb:tk("GET", "/tickets?limit=249").json.continuationToken, "one ticket is left")
  t.equal(sb:tk("GET", "/tickets?limit=250").json.continuationToken, nil)
  t.equal(#sb:tk("GET", "/tickets?offset=1000").json.items, 0)
  t.match(sb:tk("GET", "/tickets?offset=1000").body, '"items":%[%]')
end)

for _, query in ipairs {
  "limit=0", "limit=1001", "limit=x", "offset=-1", "status=Done", "priority=High",
  "orderBy=color",
  "order=asc", "timezone=15", "timezone=x", "tags=power", "colour=red", "continuationToken=x",
} do
  t.test("refuses the parameter " .. query, function()
    local sb <close> = start()
    local answer = sb:tk("GET", "/tickets?" .. query)
    t.equal({ answer.status, answer.json.error }, { 400, true })
  end)
end

t.test("filters and orders as documented", function()
  local sb <close> = start()
  local function items(query)
    return sb:tk("GET", "/tickets?limit=1000&" .. query).json.items
  end
  for _, ticket in ipairs(items("status=Closed")) do
    t.match(ticket.status, "^ ?Closed$")
  end
  t.equal(#items("status=%20Closed"), #items("status=Closed"))
  for _, ticket in ipairs(items("priority=Urgent&timezone=-5")) do
    t.equal(ticket.priority, "Urgent")
  end
  local power = items("tags=2283653a-8d36-40eb-9a68-73eb3b331811_power")
  t.truthy(#power > 0)
  t.equal(power[1].tags, { "power" })
  local numbers = items("orderBy=ticketId&order=ASC&select=ticketId")
  t.equal({ numbers[1], #numbers }, { { ticketId = 1001 }, 250 })
  local names = items("orderBy=requestorName&order=DESC&select=requestorName")
  t.truthy(names[1].requestorName:lower() >= names[250].requestorName:lower())
  t.equal(#items("title=PLANNED"), 12)
  t.truthy(#items("search=visit%20planned") >= 12)
  t.equal(#items("isResolved=true") + #items("isResolved=false"), 250)
  t.equal(sb:tk("GET", "/tickets?select=resolvedStatus").status, 500)
end)

t.test("live quirks: a date with a time filters nothing, labels are in several languages",
  function()
  local sb <close> = start()
  local function count(query)
    return sb:tk("GET", "/tickets?limit=1&" .. query).json.itemCount
  end
  t.equal(count("createdAfter=2099-01-01"), 0)
  t.equal(count("createdAfter=2099-01-01T00:00:00Z"), 250)
  local labels, blank = {}, false
  for _, ticket in ipairs(sb:tk("GET", "/tickets?limit=1000").json.items) do
    labels[ticket.status] = true
    blank = blank or ticket.assignee.id == ""
  end
  t.truthy(labels[" Closed"] and labels["Closed"] and labels["Gesloten"] and labels["Đã đóng"])
  t.truthy(blank, "a ticket without an assignee")
end)

t.test("a created ticket can be read by its UUID, with fields by id; lists have them by title",
  function()
  local sb <close> = start()
  local site_field = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7001"
  local answer = sb:tk("POST", "/tickets?timezone=0", { json = {
    ticket = {
      title = "Door", requestor = sb:user(), priority = "Urgent", description = "d",
      expectedDate = "2026-07-26", customFields = { [site_field] = "Emley Moor Tower" },
      tags = { { tagCategoryId = "2283653a-8d36-40eb-9a68-73eb3b331811", text = "power" } },
    },
    user = sb:user(),
  } })
  t.equal(answer.status, 201)
  local item = sb:tk("GET", "/tickets/" .. answer.json.item.id).json.item
  t.equal({ item.ticketNo, item.status, item.priority, item.tags },
    { 1251, "Open", "Urgent", { "power" } })
  t.equal(item.customFields, { [site_field] = "Emley Moor Tower" })
  t.equal(item.expectedDate, "2026-07-26T00:00:00.000Z")
  t.equal(sb:tk("GET", "/tickets?limit=1").json.items[1].customFields,
    { Site = "Emley Moor Tower" })
  t.equal(sb:tk("GET", "/tickets/1251").status, 404)
end)

t.test("refuses wrong shapes of a new ticket", function()
  local sb <close> = start()
  local user = sb:user()
  local ticket = { title = "x", requestor = user }
  local function with(name, value)
    return { ticket = { title = "x", requestor = user, [name] = value }, user = user }
  end
  for _, body in ipairs {
    ticket, { ticket = ticket }, { ticket = { title = "x" }, user = user },
    { ticket = { requestor = user }, user = user }, { ticket = ticket, user = user, extra = 1 },
    with("title", ""), with("requestor", { id = "1", name = "n" }), with("priority", "High"),
    with("colour", "red"), with("status", "Open"), with("customFields", { Site = "by title" }),
    with("customFields", json.array {}), with("tags", { "power" }),
    with("expectedDate", "soon"),
    with("customFields", { ["146db0c4-0d5c-4f63-9a0e-5e0c6a1b700b"] = "hidden" }),
    with("customFields", { ["146db0c4-0d5c-4f63-9a0e-5e0c6a1b7006"] = "yes" }),
  } do
    local answer = sb:tk("POST", "/tickets", { json = body })
    t.equal({ answer.status, answer.json.error }, { 400, true }, t.show(body))
  end
  t.equal(sb:tk("POST", "/tickets", { body = "{}" }).status, 415)
  t.equal(sb:tk("POST", "/tickets",
    { body = "{", headers = { ["Content-Type"] = "application/json" } }).status, 400)
  t.equal(sb:tk("POST", "/tickets").status, 400)
end)

local function some_ticket(sb)
  local body = { ticket = { title = "x", requestor = sb:user() }, user = sb:user() }
  return "/tickets/" .. sb:tk("POST", "/tickets", { json = body }).json.item.id
end

t.test("updates are called updates; in version 1.1 ticket", function()
  for api, name in pairs { ["1.0"] = "updates", ["1.1"] = "ticket" } do
    local sb <close> = start("--ticketing-api", api)
    local path = some_ticket(sb)
    local other = name == "updates" and "ticket" or "updates"
    local changes = { title = "y", description = json.null }
    t.equal(sb:tk("PUT", path, { json = { [other] = changes, user = sb:user() } }).status, 400)
    t.equal(sb:tk("PUT", path, { json = { [name] = changes } }).status, 400, "user is required")
    t.equal(sb:tk("PUT", path, { json = { [name] = json.object {}, user = sb:user() } }).status,
      400)
    local answer = sb:tk("PUT", path, { json = { [name] = changes, user = sb:user() } })
    t.equal({ answer.status, answer.json.item.title }, { 200, "y" })
  end
end)

t.test("comments go to comments; in version 1.1 to activities", function()
  for api, name in pairs { ["1.0"] = "comments", ["1.1"] = "activities" } do
    local sb <close> = start("--ticketing-api", api)
    local path = some_ticket(sb)
    local body = { comment = "On my way", user = sb:user() }
    local answer = sb:tk("POST", path .. "/" .. name, { json = body })
    t.equal({ answer.status, answer.json.item.comment }, { 201, "On my way" })
    local other = sb:tk("POST", path .. (api == "1.0" and "/activities" or "/comments"),
      { json = body })
    t.truthy(other.status == 404 or other.status == 405)
    t.equal(sb:tk("POST", path .. "/" .. name, { json = { comment = "x" } }).status, 400)
    local items = sb:tk("GET", path .. "/activities").json.items
    t.equal({ #items, items[1].action, items[2].action }, { 2, "commented", "created" })
  end
end)

t.test("the status follows the workflow", function()
  local sb <close> = start()
  local path = some_ticket(sb)
  local function set(status, more)
    local body = more or {}
    body.status, body.user = status, sb:user()
    return sb:tk("PUT", path .. "/status", { json = body })
  end
  t.equal(set("Reopened").status, 400, "an open ticket cannot be reopened")
  t.equal(set("Fixed").status, 400)
  t.equal(set("Resolved", { resolution = "magic" }).status, 400)
  t.equal(sb:tk("POST", path .. "/status",
    { json = { status = "Started", user = sb:user() } }).status, 405)
  local answer = set("Resolved", { resolution = "fixed", comment = "Great job!" })
  t.equal({ answer.status, answer.json.item.status, answer.json.item.resolution },
    { 200, "Resolved", "fixed" })
  t.equal(set(" Closed").status, 200)
  local latest = sb:tk("GET", path .. "/activities").json.items[1]
  t.equal(latest.changes, { { name = "status", oldValue = "Resolved", newValue = "Closed" } })
end)

t.test("version 1.1: the live service's ways", function()
  local sb <close> = start("--ticketing-api", "1.1")
  local function create(ticket)
    ticket.title, ticket.requestor = "x", sb:user()
    return sb:tk("POST", "/tickets", { json = { ticket = ticket, user = sb:user() } })
  end
  t.equal(create({ priority = "Urgent" }).json.item.priority, "Medium")
  local lost = create { expectedDate = "2026-07-26T17:00:00Z", customFields = json.object {} }
  t.equal({ lost.status, lost.json }, { 200, { item = json.null } })
  local states = {}
  for _, ticket in ipairs(sb:tk("GET", "/tickets?limit=1000&status=Resolved").json.items) do
    states[ticket.status] = true
  end
  t.truthy(states.Closed and states.Opgelost and not states.Open,
    "resolved or not is all that counts")
end)

t.test("the instance lists the custom fields, the tags their categories", function()
  local sb <close> = start()
  local item = sb:tk("GET", "/instance?timezone=7").json.item
  local titles = {}
  for _, field in ipairs(item.customFields) do
    titles[field.title] = field.type.key
    t.equal(#field.id, 36)
  end
  t.equal({ titles.Site, titles.Crew }, { "1_text", "6_peoplepicker" })
  t.equal(#sb:tk("GET", "/tags").json.items, 3)
  t.equal(sb:tk("GET", "/tags?timezone=7").status, 400)
end)
