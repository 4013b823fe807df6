local case = require "tests.case"
local clients = require "tests.clients"
local json = require "json"

local BASIC = "Basic YW5hQGV4YW1wbGUuY29tOkFQSS1LRVk="

---A case of one call: what the service answers, what is sent, what comes of it.
local function one(name, spec)
  local headers = { authorization = BASIC, ["content-type"] = spec.content_type or false }
  case(name) {
    given = { spec.given },
    call = function(listener) return spec.call(clients.teamworklive(listener)) end,
    sends = { { spec.sends, headers = headers, body = spec.body or "" } },
    result = spec.result, error = spec.error,
  }
end

one("get adds .json before the query", {
  given = { json = { { id = 1 } } },
  call = function(tw) return tw:get("clientcompanies?page=2&q=a+b", { since = "2026-01-01" }) end,
  sends = "GET /clientcompanies.json?page=2&q=a%20b&since=2026-01-01",
  result = { { id = 1 } },
})

one("get adds .json once", {
  given = { json = { id = 1 } },
  call = function(tw) return tw:get("/clientcompanies/1.json") end,
  sends = "GET /clientcompanies/1.json",
  result = { id = 1 },
})

one("get takes format as the last argument", {
  given = { headers = { ["Content-Type"] = "application/xml" }, body = "<company><id>1</id></company>" },
  call = function(tw) return tw:get("clientcompanies/1", { full = true }, { format = "xml" }) end,
  sends = "GET /clientcompanies/1.xml?full=true",
  result = function(company) assert(type(company) == "table") end,
})

one("get takes format without a query", {
  given = { headers = { ["Content-Type"] = "application/xml" }, body = "<company><id>1</id></company>" },
  call = function(tw) return tw:get("clientcompanies/1", { format = "xml" }) end,
  sends = "GET /clientcompanies/1.xml",
})

one("XML with entities of its own is refused, not expanded", {
  given = { headers = { ["Content-Type"] = "application/xml" },
    body = '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>' },
  call = function(tw) return tw:get("clientcompanies/1", { format = "xml" }) end,
  sends = "GET /clientcompanies/1.xml",
  error = { kind = "decode", message = "XML" },
})

one("an empty answer is nil", {
  given = { body = "" },
  call = function(tw) return tw:get("clientcompanies") end,
  sends = "GET /clientcompanies.json",
  result = function(value) assert(value == nil) end,
})

one("post sends a table as JSON", {
  given = { status = 201, json = { id = 5 } },
  call = function(tw) return tw:post("clientcompanies", { name = "Northern Power" }) end,
  sends = "POST /clientcompanies.json", content_type = "application/json",
  body = '{"name":"Northern Power"}',
  result = { id = 5 },
})

one("post sends XML as it is", {
  given = { status = 201, body = "" },
  call = function(tw)
    return tw:post("clientcompanies", "<company><name>N</name></company>", { format = "xml" })
  end,
  sends = "POST /clientcompanies.xml", content_type = "application/xml",
  body = "<company><name>N</name></company>",
})

one("put", {
  given = { json = { id = 5 } },
  call = function(tw) return tw:put("clientcompanies/5", { name = "N" }) end,
  sends = "PUT /clientcompanies/5.json", content_type = "application/json",
  body = '{"name":"N"}',
})

one("delete", {
  given = { status = 200, body = "" },
  call = function(tw) return tw:delete("clientcompanies/5") end,
  sends = "DELETE /clientcompanies/5.json",
})

one("resource:list unwraps the only list", {
  given = { json = { clientcompanies = { { id = 1 } } } },
  call = function(tw) return tw:resource("clientcompanies"):list { page = 1 } end,
  sends = "GET /clientcompanies.json?page=1",
  result = { { id = 1 } },
})

one("resource:list of nothing is empty", {
  given = { body = "" },
  call = function(tw) return tw:resource("clientcompanies"):list() end,
  sends = "GET /clientcompanies.json",
  result = json.array {},
})

one("resource:get encodes the id", {
  given = { json = { id = "a b" } },
  call = function(tw) return tw:resource("clientcompanies"):get("a b") end,
  sends = "GET /clientcompanies/a%20b.json",
})

one("resource:create", {
  given = { status = 201, json = { id = 5 } },
  call = function(tw) return tw:resource("clientcompanies"):create { name = "N" } end,
  sends = "POST /clientcompanies.json", content_type = "application/json", body = '{"name":"N"}',
  result = { id = 5 },
})

one("resource:update", {
  given = { json = { id = 5 } },
  call = function(tw) return tw:resource("clientcompanies"):update(5, { name = "N" }) end,
  sends = "PUT /clientcompanies/5.json", content_type = "application/json", body = '{"name":"N"}',
})

one("resource:delete", {
  given = { status = 200 },
  call = function(tw) return tw:resource("clientcompanies"):delete(5) end,
  sends = "DELETE /clientcompanies/5.json",
})

one("401 says that the key changes with the password", {
  given = { status = 401, body = "Unauthorized" },
  call = function(tw) return tw:get("clientcompanies") end,
  sends = "GET /clientcompanies.json",
  error = { kind = "auth", status = 401, attempts = 1, message = "Unauthorized",
    hint = "the API key changes with the account's password: fetch the present key and set "
      .. "TEAMWORKLIVE_API_KEY (and check TEAMWORKLIVE_EMAIL)" },
})

for name, body in pairs {
  ["a bare list"] = '["name is long","date is odd"]',
  ["a list of errors"] = '{"errors":["name is long","date is odd"]}',
  ["a list of messages"] = '{"errors":[{"message":"name is long"},{"message":"date is odd"}]}',
  ["XML"] = "<?xml version='1.0'?><errors><error>name is long</error><error>date is odd</error></errors>",
} do
  one("400 lists its errors from " .. name, {
    given = { status = 400, body = body },
    call = function(tw) return tw:post("projects", { name = "x" }) end,
    sends = "POST /projects.json", content_type = "application/json", body = '{"name":"x"}',
    error = { kind = "refused", errors = { "name is long", "date is odd" }, message = "name is long" },
  })
end

case "503 with an hour to wait is raised, not slept" {
  given = { { status = 503, headers = { ["Retry-After"] = "3600" }, body = "Rate Limit Exceeded" } },
  call = function(listener)
    return clients.teamworklive(listener):post("projects", { name = "x" }, { timeout = 5 })
  end,
  error = { kind = "rate_limited", status = 503, retry_after = 3600.0, retryable = true },
}

case "503 with Retry-After did nothing: a write is made again" {
  given = { { status = 503, headers = { ["Retry-After"] = "1" }, body = "Rate Limit Exceeded" }, { status = 201, json = { id = 5 } } },
  call = function(listener) return clients.teamworklive(listener):post("projects", { name = "x" }) end,
  sends = { "POST /projects.json", "POST /projects.json" },
  result = { id = 5 },
}

one("503 of a write that names the limit but no time is raised as a used-up limit", {
  given = { status = 503, body = "503 - Service Unavailable - Rate Limit Exceeded" },
  call = function(tw) return tw:post("projects", { name = "x" }) end,
  sends = "POST /projects.json", content_type = "application/json", body = '{"name":"x"}',
  error = { kind = "rate_limited", status = 503, attempts = 1, retryable = true },
})

one("503 of a write without Retry-After is an outage", {
  given = { status = 503, body = "down for maintenance" },
  call = function(tw) return tw:post("projects", { name = "x" }) end,
  sends = "POST /projects.json", content_type = "application/json", body = '{"name":"x"}',
  error = { kind = "server", status = 503, retryable = false },
})
