local t = require "tests.t"
local json = require "c.json"
local schema = require "siterun.schema"

local warnings

local function check(spec, value, types)
  warnings = {}
  return schema.check({
    types = types or {},
    fail = function(message) error(message, 0) end,
    warn = function(message) warnings[#warnings + 1] = message end,
  }, spec, "x", value)
end

local function refused(spec, value, pattern)
  t.raises(function() check(spec, value) end, pattern)
end

t.test("integers stay integers and keep their range", function()
  t.equal(check({ type = "integer" }, 143415), 143415)
  t.equal(check({ type = "integer" }, 7.0), 7)
  t.equal(check({ type = "integer" }, math.maxinteger), math.maxinteger)
  refused({ type = "integer" }, "7", "x must be an integer, not a string")
  refused({ type = "integer" }, 7.5, "not a float")
  refused({ type = "integer", min = 1, max = 1000 }, 0, "x must be 1 to 1000, not 0")
  refused({ type = "integer", min = 1, max = 1000 }, 1001, "1 to 1000")
end)

t.test("numbers are finite", function()
  refused({ type = "number" }, 0 / 0, "must be a number")
  refused({ type = "number" }, math.huge, "must be a number")
end)

t.test("null is not a string", function()
  refused({ type = "string" }, json.null, "x must be a string, not null")
  refused({ type = "string" }, 12, "x must be a string, not an integer")
end)

t.test("an enum names what it allows and the nearest", function()
  local spec = { type = "enum", values = { "Low", "Urgent" } }
  t.equal(check(spec, " Urgent"), "Urgent")
  refused(spec, "Urgnt", 'one of Low, Urgent, not "Urgnt" %(did you mean "Urgent"%?%)')
  refused(spec, 3, "one of Low")
end)

t.test("an open set warns and sends", function()
  local spec = { type = "string", trim = true, known = { "Open", "Closed" } }
  t.equal(check(spec, " Closed"), "Closed")
  t.equal(#warnings, 0)
  t.equal(check(spec, "Opend"), "Opend")
  t.match(warnings[1], 'did you mean "Open"')
  check(spec, "053660b7-0000-4000-8000-000000000001")
  t.equal(#warnings, 0)
end)

t.test("ids are opaque but stay in their place", function()
  t.equal(check({ type = "id" }, 9007199254740993), 9007199254740993)
  t.equal(check({ type = "id" }, "97e9a980-9caf-4466"), "97e9a980-9caf-4466")
  t.equal(check({ type = "id" }, "a@b c"), "a@b c")
  local bad = { "", ".", "..", "a/b", "a\\b", "a\0", "a\r\nb", ("a"):rep(501), -1 }
  for _, value in ipairs(bad) do t.raises(function() check({ type = "id" }, value) end, "x") end
  refused({ type = "id" }, true, "not a boolean")
  refused({ type = "id" }, 1.5, "not a float")
end)

t.test("what reaches a URL or header has no line ends", function()
  for _, at in ipairs { "query", "header", "path" } do
    refused({ type = "string", at = at }, "a\r\nb", "CR, LF or NUL")
    refused({ type = "string", at = at }, "a\0b", "CR, LF or NUL")
  end
  t.equal(check({ type = "string", at = "body" }, "a\nb"), "a\nb")
  refused({ type = "string" }, "\xFF", "UTF%-8")
end)

t.test("tokens are visible ASCII", function()
  t.equal(check({ type = "token" }, "eyJ+/="), "eyJ+/=")
  for _, value in ipairs { "", "a b", "a\r\n", "é" } do
    refused({ type = "token" }, value, "ASCII")
  end
end)

t.test("days and moments must exist", function()
  t.equal(check({ type = "stamp" }, "2028-02-29 23:59:59"), "2028-02-29 23:59:59")
  for _, value in ipairs { "2026-02-29 10:00:00", "2026-01-01 24:00:00", "2026-01-01T10:00:00",
    "" } do
    refused({ type = "stamp" }, value, "YYYY%-MM%-DD HH:MM:SS")
  end
  t.equal(check({ type = "moment" }, "2023-07-26T17:00:00.123Z"), "2023-07-26T17:00:00.123Z")
  t.equal(check({ type = "moment" }, "2023-07-26"), "2023-07-26")
  t.equal(check({ type = "moment" }, "2023-07-26T17:00+02:00"), "2023-07-26T17:00+02:00")
  refused({ type = "moment" }, "26.07.2023", "ISO 8601")
  refused({ type = "date" }, "2023-07-26T17:00:00Z", "YYYY%-MM%-DD")
end)

t.test("lists are lists, also when empty", function()
  t.equal(json.encode(check({ type = "list", of = "string" }, {})), "[]")
  refused({ type = "list", of = "string" }, { a = 1 }, "without names or gaps")
  refused({ type = "list", of = "string" }, { "a", nil, "c" }, "without names or gaps")
  refused({ type = "list", of = "integer" }, { 1, "2" }, "x%[2%] must be an integer")
  refused({ type = "list", of = "integer" }, 1, "must be a list")
end)

t.test("a joined list refuses its separator", function()
  local spec = { type = "list", of = "string", join = "," }
  t.equal(check(spec, { "id", "title" }), "id,title")
  t.equal(check(spec, "id,title"), "id,title")
  refused(spec, { "a,b" }, 'must not contain ","')
end)

t.test("objects say which field is wrong", function()
  local types = { person = { type = "object", fields = {
    { name = "id", type = "string", required = true }, { name = "email", type = "string" } } } }
  local function person(value) return check({ type = "person" }, value, types) end
  t.equal(person { id = "1" }, { id = "1" })
  t.raises(function() person { id = "" } end, "x.id must not be empty")
  t.raises(function() person {} end, "x.id is missing")
  t.raises(function() person { id = "1", emial = "a" } end,
    'unknown field "emial" %(did you mean "email"')
  t.raises(function() person { id = 5 } end, "x.id must be a string")
end)

t.test("paths can't leave the service", function()
  t.equal(check({ type = "path" }, "/clientcompanies/12/?a=b"), "clientcompanies/12?a=b")
  local bad = { "", "/", "a/../b", "a/%2e%2E/b", "a//b", "a%2fb", "a%5Cb", "a%0d%0aX",
    "http://h/x",
    "a#b", "a\\b", "a\r\nb", "./a" }
  for _, value in ipairs(bad) do
    t.raises(function() check({ type = "path" }, value) end, "x")
  end
end)
