local t = require "tests.t"
local reason = require "siterun.reason"
local status = require "siterun.status"

local function find(body, content_type)
  return reason.find { status = 400, headers = { ["content-type"] = content_type },
    body = body }
end

local shapes = {
  { '{"error":true,"message":"Bad key","statusCode":401}', "Bad key" },
  { '{"error":"invalid_grant","error_description":"wrong password"}', "wrong password",
    code = "invalid_grant" },
  { '{"error":"gone"}', "gone" },
  { '{"message":"a","errors":["b","c"]}', "a", { "b", "c" } },
  { '{"errors":{"name":["is empty","is odd"]}}', "name: is empty",
    { "name: is empty", "name: is odd" } },
  { '{"errors":[{"message":"b"},{"field":"c"}]}', "b", { "b", "field: c" } },
  { '["b","c"]', "b", { "b", "c" } },
  { '"plain"', "plain", { "plain" } },
  { '{"message":{"title":["too long"]}}', "title: too long", { "title: too long" } },
  { '{"message":42}', "42", { "42" } },
  { '{"code":"E7","message":"x"}', "x", code = "E7" },
  { '{"error":{"code":"card_declined","message":"no"}}', "no", code = "card_declined" },
  { "\xEF\xBB\xBF{\"message\":\"bom\"}", "bom" },
  { "<errors><error>a &amp; b</error><error>c</error></errors>", "a & b", { "a & b", "c" } },
  { "<!DOCTYPE e [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><errors><error>&x;</error></errors>",
    "&x;", { "&x;" } },
  { "<html><head><title>502 Bad\nGateway</title></head><body>x</body></html>",
    "502 Bad Gateway" },
  { "<html><body><script>alert(1)</script><p>Down &lt;now&gt;</p></body></html>",
    " Down <now> " },
  { "Rate Limit Exceeded", "Rate Limit Exceeded" },
  { "", nil },
  { "{}", nil },
  { "null", nil },
}

t.test("what a service says is found in each shape", function()
  for _, shape in ipairs(shapes) do
    local found = find(shape[1])
    t.equal(found.message, shape[2], shape[1])
    t.equal(found.errors, shape[3] or {}, shape[1])
    t.equal(found.code, shape.code, shape[1])
  end
end)

t.test("huge and deep error bodies stay bounded", function()
  t.truthy(#find(("x"):rep(1000000)).message <= 20000)
  local list = {}
  for i = 1, 500 do list[i] = '"e' .. i .. '"' end
  t.equal(#find("[" .. table.concat(list, ",") .. "]").errors, 50)
  t.equal(find(('{"errors":'):rep(50) .. "1" .. ("}"):rep(50)).message, nil)
end)

local function kind(code, retry_after, body)
  return status.kind { status = code, retry_after = retry_after, body = body }
end

t.test("statuses become kinds", function()
  local want = { [200] = nil, [204] = nil, [301] = "server", [400] = "refused", [401] = "auth",
    [403] = "denied",
    [404] = "not_found", [405] = "refused", [409] = "refused", [429] = "rate_limited",
    [500] = "server",
    [502] = "server", [503] = "server" }
  for code = 200, 599 do
    if want[code] or code == 200 or code == 204 then t.equal(kind(code), want[code]) end
  end
end)

t.test("a 503 is a limit only where it says so", function()
  t.equal(kind(503, 12), "rate_limited")
  t.equal(kind(503, nil, "503 Service Unavailable - Rate Limit Exceeded"), "rate_limited")
  t.equal(kind(503, nil, "down"), "server")
end)
