local case = require "tests.case"
local clients = require "tests.clients"
local json = require "json"

local USER = '"user":{"email":"jason.doe@example.com","id":"u-1","name":"Jason Doe"}}'
local ANA = { id = "u-2", name = "Ana Silva", email = "ana.silva@example.com" }
local ANA_JSON = '{"email":"ana.silva@example.com","id":"u-2","name":"Ana Silva"}'
local FIELD, OPTION = "146db0c4-de24-4818-a131-a27161bb7ad0", "70d42d78-899a-4d5e-8cf0-79a0e4a6b0b1"

local INSTANCE = { on = "GET /v1/instance", json = { item = { name = "Desk", customFields = {
  { id = FIELD, title = "Tower" },
  { id = "fef751d6-067d-431b-8a6d-667056eff6ee", title = "Kind",
    options = { { key = OPTION, text = "Repair" } } },
} } } }

---A call on a fresh client.
local function tk(f, more)
  return function(listener) return f(clients.ticketing(listener, more)) end
end

local function item(fields)
  return { json = { item = fields } }
end

case "tickets:list sends what is documented and unwraps the page" {
  given = { { json = { items = { { id = "a", status = " Closed" } }, continuationToken = "next",
    itemCount = 2034 } } },
  call = tk(function(c)
    return c.tickets:list { timezone = 7, search = "a b&c", status = " Closed", priority = "Urgent",
      tags = { "c1_x", "c2_y" }, orderBy = "createdDateTime", order = "DESC",
      select = { "id", "title" }, offset = 0, limit = 1000 }
  end),
  sends = { "GET /v1/tickets?timezone=7&search=a%20b%26c&status=Closed&priority=Urgent"
    .. "&tags=c1_x%2Cc2_y&orderBy=createdDateTime&order=DESC&select=id%2Ctitle&offset=0"
    .. "&limit=1000&key=PRIMARY" },
  result = { items = { { id = "a", status = "Closed" } }, continuationToken = "next",
    itemCount = 2034 },
}

case "tickets:list takes a page's token as a header" {
  given = { { headers = { continuationToken = "three" }, json = { items = json.array {} } } },
  call = tk(function(c) return c.tickets:list { continuationToken = "two" } end),
  sends = { { "GET /v1/tickets?timezone=0&key=PRIMARY", headers = { continuationtoken = "two" } } },
  result = { items = json.array {}, continuationToken = "three" },
}

case "tickets:list uses the read key where there is one" {
  given = { { json = { items = json.array {} } } },
  call = tk(function(c) return c.tickets:list() end, { read_key = "SECONDARY" }),
  sends = { "GET /v1/tickets?timezone=0&key=SECONDARY" },
}

case "the option priority is not the ticket's priority" {
  given = { { status = 201, json = { item = { id = "new" } } },
    { json = { items = json.array {} } } },
  call = tk(function(c)
    c.tickets:create({ title = "T", requestor = ANA, priority = "Low" }, { priority = "high" })
    c.tickets:list({ priority = "Urgent" }, { priority = "low" })
  end),
  sends = {
    { "POST /v1/tickets?timezone=0&key=PRIMARY",
      body = '{"ticket":{"priority":"Low","requestor":' .. ANA_JSON .. ',"title":"T"},' .. USER },
    "GET /v1/tickets?timezone=0&priority=Urgent&key=PRIMARY",
  },
}

case "tickets:create sends the ticket and the user side by side" {
  given = { { status = 201, json = { item = { id = "new", ticketNo = 7 } } } },
  call = tk(function(c)
    return c.tickets:create {
      title = "My first ticket", requestor = ANA, description = "line 1\nline 2",
      priority = "Urgent", expectedDate = "2023-07-26T17:00:00Z",
      tags = { { tagCategoryId = "c1", text = "my tag" } },
      customFields = { [FIELD] = true },
    }
  end, { read_key = "SECONDARY" }),
  sends = { { "POST /v1/tickets?timezone=0&key=PRIMARY",
    headers = { ["content-type"] = "application/json" },
    body = '{"ticket":{"customFields":{"' .. FIELD .. '":true},"description":"line 1\\nline 2",'
      .. '"expectedDate":"2023-07-26T17:00:00Z","priority":"Urgent","requestor":' .. ANA_JSON
      .. ',"tags":[{"tagCategoryId":"c1","text":"my tag"}],"title":"My first ticket"},' .. USER } },
  result = { id = "new", ticketNo = 7 },
}

case "a ticket's mark is the same for the same key, and stands below its text" {
  given = { { status = 201, json = { item = { id = "a" } } }, { json = { item = { id = "b" } } } },
  call = tk(function(c)
    c.tickets:create({ title = "T", requestor = ANA, description = "x" }, { once = "mark 1" })
    return c.tickets:create({ title = "T", requestor = ANA, description = "" }, { once = "mark 2" })
  end, { reference = true }),
  sends = {
    { "POST /v1/tickets?timezone=0&key=PRIMARY",
      body = '{"ticket":{"description":"x\\n\\n[siterun 93aeed30724a1e0a]","requestor":' .. ANA_JSON
        .. ',"title":"T"},' .. USER },
    { "POST /v1/tickets?timezone=0&key=PRIMARY",
      body = '{"ticket":{"description":"[siterun ebe36c9eb3fea0a9]","requestor":' .. ANA_JSON
        .. ',"title":"T"},' .. USER },
  },
}

case "custom fields may be named by title; the instance is asked once" {
  given = { INSTANCE, item { id = "a" }, item { id = "b" } },
  call = tk(function(c)
    c.tickets:create { title = "x", requestor = ANA, customFields = { Tower = "MTS-014" } }
    return c.tickets:update("b", { customFields = { Kind = "Repair", Tower = json.null } })
  end),
  sends = {
    "GET /v1/instance?timezone=0&key=PRIMARY",
    { "POST /v1/tickets?timezone=0&key=PRIMARY", body = '{"ticket":{"customFields":{"' .. FIELD
      .. '":"MTS-014"},"requestor":' .. ANA_JSON .. ',"title":"x"},' .. USER },
    { "PUT /v1/tickets/b?timezone=0&key=PRIMARY", body = '{"updates":{"customFields":{"' .. FIELD
      .. '":null,"fef751d6-067d-431b-8a6d-667056eff6ee":["' .. OPTION .. '"]}},' .. USER },
  },
}

case "a title that the instance does not have is refused with the nearest" {
  given = { INSTANCE },
  call = tk(function(c) return c.tickets:update("b", { customFields = { Towr = "x" } }) end),
  error = { kind = "usage", sent = "no", message = 'no field "Towr" %(did you mean "Tower"%?%)' },
}

case "tasks that look up fields at the same time ask the instance once" {
  given = { INSTANCE, { on = "PUT *", times = 5, json = { item = { id = "x" } } } },
  call = tk(function(c)
    local task = require "task"
    return task.map({ "a", "b", "c", "d", "e" }, function(id)
      return c.tickets:update(id, { customFields = { Tower = id } })
    end)
  end),
  sends = {
    "GET /v1/instance?timezone=0&key=PRIMARY", "PUT /v1/tickets/a?timezone=0&key=PRIMARY",
    "PUT /v1/tickets/b?timezone=0&key=PRIMARY", "PUT /v1/tickets/c?timezone=0&key=PRIMARY",
    "PUT /v1/tickets/d?timezone=0&key=PRIMARY", "PUT /v1/tickets/e?timezone=0&key=PRIMARY",
  },
  any_order = true,
}

case "tickets:get unwraps the item" {
  given = { item { id = "053660b7-1", status = " Closed", title = json.null } },
  call = tk(function(c) return c.tickets:get("053660b7-1", { timezone = -3 }) end),
  sends = { "GET /v1/tickets/053660b7-1?timezone=-3&key=PRIMARY" },
  result = { id = "053660b7-1", status = "Closed", title = json.null },
}

case "tickets:update sends only what changes" {
  given = { item { id = "a", priority = "Urgent" } },
  call = tk(function(c) return c.tickets:update("a", { priority = "Urgent" }) end),
  sends = { { "PUT /v1/tickets/a?timezone=0&key=PRIMARY",
    body = '{"updates":{"priority":"Urgent"},' .. USER } },
  result = { id = "a", priority = "Urgent" },
}

case "tickets:update sends `ticket` to api 1.1" {
  given = { item { id = "a" } },
  call = tk(function(c) return c.tickets:update("a", { tags = {} }) end, { api = "1.1" }),
  sends = { { "PUT /v1/tickets/a?timezone=0&key=PRIMARY",
    body = '{"ticket":{"tags":[]},' .. USER } },
}

case "tickets:set_status sends its fields beside the user" {
  given = { item { id = "a", status = "Resolved" } },
  call = tk(function(c)
    return c.tickets:set_status("a", { status = " Resolved", resolution = "fixed",
      comment = "Great job!" })
  end),
  sends = { { "PUT /v1/tickets/a/status?timezone=0&key=PRIMARY",
    body = '{"comment":"Great job!","resolution":"fixed","status":"Resolved",' .. USER } },
  result = { status = "Resolved" },
}

case "tickets:activities is a list" {
  given = { { json = { items = { { id = "1" }, { id = "2" } } } } },
  call = tk(function(c) return c.tickets:activities("a b") end),
  sends = { "GET /v1/tickets/a%20b/activities?key=PRIMARY" },
  result = { { id = "1" }, { id = "2" } },
}

case "tickets:comment sends the text and the user given for this call" {
  given = { { status = 201, json = { item = { id = "c" } } } },
  call = tk(function(c) return c.tickets:comment("a", "comment from API", { user = ANA }) end),
  sends = { { "POST /v1/tickets/a/comments?key=PRIMARY",
    body = '{"comment":"comment from API","user":' .. ANA_JSON .. "}" } },
  result = { id = "c" },
}

case "tickets:comment goes to the activities of api 1.1" {
  given = { item { activityId = "c" } },
  call = tk(function(c) return c.tickets:comment("a", "x") end, { api = "1.1" }),
  sends = { "POST /v1/tickets/a/activities?key=PRIMARY" },
  result = { activityId = "c" },
}

case "tickets:attachments is a list" {
  given = { { json = { items = json.array {} } } },
  call = tk(function(c) return c.tickets:attachments("a") end),
  sends = { "GET /v1/tickets/a/attachments?key=PRIMARY" },
  result = json.array {},
}

case "instance:get unwraps the item" {
  given = { INSTANCE },
  call = tk(function(c) return c.instance:get() end),
  sends = { "GET /v1/instance?timezone=0&key=PRIMARY" },
  result = { name = "Desk" },
}

case "tags:list is a list" {
  given = { { json = { items = { { id = "1", tags = { { text = "x" } } } } } } },
  call = tk(function(c) return c.tags:all() end),
  sends = { "GET /v1/tags?key=PRIMARY" },
  result = { { id = "1", tags = { { text = "x" } } } },
}

case "ids keep all their digits" {
  given = { { body = '{"item":{"id":9007199254740993,"big":9223372036854775807,"no":143415}}' } },
  call = tk(function(c) return c.tickets:get(9007199254740993) end),
  sends = { "GET /v1/tickets/9007199254740993?timezone=0&key=PRIMARY" },
  result = { id = 9007199254740993, big = math.maxinteger, no = 143415 },
}

case "an answer may begin with a byte order mark" {
  given = { { body = '\u{FEFF}{"item":{"id":"a"}}' } },
  call = tk(function(c) return c.tickets:get("a") end),
  result = { id = "a" },
}

case "200 with error:true is an error" {
  given = { { json = { error = true, message = "No such ticket", statusCode = 404 } } },
  call = tk(function(c) return c.tickets:get("a") end),
  error = { kind = "not_found", status = 404, message = "No such ticket", sent = "yes" },
}

case "200 with error:true of a write is refused with the message's parts" {
  given = { { json = { error = true, message = { title = { "is too long" } } } } },
  call = tk(function(c) return c.tickets:update("a", { title = "x" }) end),
  error = { kind = "refused", status = 200, errors = { "title: is too long" } },
}

for body, what in pairs { ['{"item":null}'] = "null", [""] = "nothing", ["{}"] = "an empty object" } do
  case("a ticket that is created with " .. what .. " is unconfirmed") {
    given = { { status = 201, body = body } },
    call = tk(function(c) return c.tickets:create { title = "x", requestor = ANA } end),
    error = { kind = "unknown_outcome", status = 201, sent = "yes", retryable = false,
      message = "unconfirmed" },
  }
end

case "a write that is answered with a page is of unknown outcome" {
  given = { { headers = { ["Content-Type"] = "text/html" }, body = "<html>Welcome</html>" } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  error = { kind = "unknown_outcome", message = "an HTML page" },
}

case "a read that is answered with a page can't be decoded" {
  given = { { headers = { ["Content-Type"] = "text/html" }, body = "<html>Welcome</html>" } },
  call = tk(function(c) return c.tickets:get("a") end),
  error = { kind = "decode", sent = "yes" },
}

case "text that is not JSON can't be decoded and says where" {
  given = { { body = '{"item":{"id":}}' } },
  call = tk(function(c) return c.tickets:get("a") end),
  error = { kind = "decode", message = "not JSON.*byte" },
}

case "a list that is no list can't be decoded" {
  given = { { json = { items = { a = 1 } } } },
  call = tk(function(c) return c.tickets:list() end),
  error = { kind = "decode", message = "no list" },
}

case "an empty answer to a list is an empty list" {
  given = { { body = "" } },
  call = tk(function(c) return c.tags:list() end),
  result = json.array {},
}

case "a bare list will do" {
  given = { { json = { { id = 1 } } } },
  call = tk(function(c) return c.tickets:list() end),
  result = { items = { { id = 1 } } },
}

case "an HTML error page is summed up" {
  given = { { status = 502, headers = { ["Content-Type"] = "text/html" }, times = 0,
    body = "<html><head><title>502 Bad\nGateway</title></head><body>\27[31m</body></html>" } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  error = { kind = "server", status = 502, message = "^502 Bad Gateway$", retryable = false },
}

case "401 says whose key it may be" {
  given = { { status = 401, json = { statusCode = 401, message = "Access denied" } } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  error = { kind = "auth", status = 401, hint = "check TICKETING_KEY; a key belongs to one instance "
    .. "in one region, so the address may be another region's" },
}

case "403 of a write says that the key may be the read key" {
  given = { { status = 403, json = { message = "Forbidden" } } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  error = { kind = "denied", hint = "TICKETING_KEY may hold the secondary (read-only) key: writes "
    .. "need the primary one" },
}

case "400 lists what is wrong" {
  given = { { status = 400, json = { error = true, message = "Invalid", errors = { "a", "b" },
    code = "E1" } } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  error = { kind = "refused", status = 400, errors = { "a", "b" }, code = "E1", retryable = false },
}

case "a redirect is not followed" {
  given = { { status = 302, headers = { Location = "https://evil.example/" } } },
  call = tk(function(c) return c.tickets:comment("a", "x") end),
  sends = { "POST /v1/tickets/a/comments?key=PRIMARY" },
  error = { kind = "server", status = 302, message = "never follows", hint = "check the configured address",
    url = "/v1/tickets/a/comments" },
}

case "a redirect of a read is no reason to try again" {
  given = { { status = 302, headers = { Location = "https://evil.example/" } } },
  call = tk(function(c) return c.tickets:get("a") end),
  error = { kind = "server", status = 302, retryable = false, url = "/v1/tickets/a" },
}

case "an answer that can't be read says where it came from" {
  given = { { body = "what?" } },
  call = tk(function(c) return c.tickets:get("a") end),
  error = { kind = "decode", status = 200, url = "/v1/tickets/a" },
}

case "request makes any call with the key" {
  given = { { status = 201, json = { a = json.array {} } } },
  call = tk(function(c)
    return c:request { method = "POST", path = "/tickets/a/attachments?x=1",
      query = { b = 2, a = true }, headers = { ["X-Trace"] = "7" }, json = { list = json.array {} } }
  end),
  sends = { { "POST /v1/tickets/a/attachments?x=1&a=true&b=2&key=PRIMARY",
    headers = { ["x-trace"] = "7", ["content-type"] = "application/json" }, body = '{"list":[]}' } },
  result = { status = 201, json = { a = json.array {} }, body = '{"a":[]}' },
}

case "request raises for a status, like every call" {
  given = { { status = 404, json = { message = "nothing here" } } },
  call = tk(function(c) return c:request { path = "/nothing" } end),
  error = { kind = "not_found", operation = "request", message = "nothing here" },
}
