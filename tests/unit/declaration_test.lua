local t = require "tests.t"
local service = require "service"

local function weather(change)
  local data = {
    name = "weather", title = "Weather", text = "What it is like outside.",
    source = "https://example.com",
    short = "w", settings = {}, account = { url = { setting = "url" } },
    shared = { station = { type = "id", text = "a station", example = 1 } },
    endpoints = {
      { name = "forecast:get", method = "GET", path = "/forecast/{station}",
        text = "A forecast.",
        example = "w.forecast:get(1)", result = { kind = "object" },
        params = { "station",
          { name = "days", type = "integer", text = "how many", example = 3 } } },
    },
  }
  if change then change(data, data.endpoints[1]) end
  return service.declare(data).declaration
end

local function refused(pattern, change)
  t.match(tostring(t.raises(function() weather(change) end, "usage")), pattern)
end

t.test("a declaration gets what follows from it", function()
  local endpoint = weather().endpoints[1]
  t.equal(endpoint.resource, "forecast")
  t.equal(endpoint.method_name, "get")
  t.equal(endpoint.write, false)
  t.equal(endpoint.by_name.station.at, "path")
  t.equal(endpoint.by_name.station.required, true)
  t.equal(endpoint.by_name.days.at, "query")
end)

t.test("mistakes in a declaration say where and what", function()
  refused('endpoint "forecast:get": unknown field "pth" %(did you mean "path"%?%)',
    function(_, e) e.pth = "/" end)
  refused('field "text" is missing', function(_, e) e.text = nil end)
  refused('field "params" must be a table, not a string', function(_, e) e.params = "x" end)
  refused('unknown HTTP method "GETT"', function(_, e) e.method = "GETT" end)
  refused('the path names "city"', function(_, e) e.path = "/forecast/{station}/{city}" end)
  refused("must begin with /", function(_, e) e.path = "forecast/{station}" end)
  refused('no shared parameter "statoin" %(did you mean "station"',
    function(_, e) e.params[1] = "statoin" end)
  refused('unknown type "integr" %(did you mean "integer"',
    function(_, e) e.params[2].type = "integr" end)
  refused('parameter "days": field "example" is missing',
    function(_, e) e.params[2].example = nil end)
  refused('parameter "days" is declared twice', function(_, e) e.params[3] = e.params[2] end)
  refused('a list must say what it is of', function(_, e) e.params[2].type = "list" end)
  refused('an enum must list its values', function(_, e) e.params[2].type = "enum" end)
  refused('can\'t be sent at "body2"', function(_, e) e.params[2].at = "body2" end)
  refused('unknown kind of result "lst"', function(_, e) e.result.kind = "lst" end)
  refused('"resource:method"', function(_, e) e.name = "a:b:c" end)
  refused('endpoint "forecast:get" is declared twice', function(d, e) d.endpoints[2] = e end)
  refused('service: unknown field "endpoint"', function(d) d.endpoint = {} end)
  refused('service "weather", account: unknown field "refuses_by_502" %(did you mean "refuses_by_503"',
    function(d) d.account.refuses_by_502 = true end)
  refused('account: field "refuses_by_503" must be a boolean, not a string',
    function(d) d.account.refuses_by_503 = "yes" end)
  refused('"request" is taken', function(_, e) e.name = "request" end)
end)

t.test("every endpoint and parameter of the three services has a text and an example",
  function()
  for _, name in ipairs { "teleporte", "ticketing", "teamworklive" } do
    for _, endpoint in ipairs(require(name).declaration.endpoints) do
      t.truthy(#endpoint.text > 10 and #endpoint.example > 5, endpoint.name)
      t.truthy(endpoint.section or endpoint.public, endpoint.name .. " needs its section")
      for _, param in ipairs(endpoint.params) do
        t.truthy(#param.text > 3 and param.example ~= nil, endpoint.name .. " " .. param.name)
      end
    end
  end
end)

t.test("every example is Lua", function()
  for _, name in ipairs { "teleporte", "ticketing", "teamworklive" } do
    for _, endpoint in ipairs(require(name).declaration.endpoints) do
      if not endpoint.automatic then t.truthy(load(endpoint.example), endpoint.name) end
    end
  end
end)
