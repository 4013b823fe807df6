local sandbox = require("tests.sandbox")
local t = require("tests.t")

t.test("needs Basic authentication", function()
  local sb <close> = sandbox.start()
  local url = sb.vars.TEAMWORKLIVE_URL .. "/clientcompanies.json"
  for _, user in ipairs { false, "office@sandbox.example:wrong" } do
    local answer = sandbox.curl("GET", url, { user = user or nil })
    t.equal(answer.status, 401)
    t.match(answer.headers["www-authenticate"], "^Basic ")
  end
end)

t.test("the suffix chooses the form", function()
  local sb <close> = sandbox.start()
  local list = sb:tw("GET", "/clientcompanies.json")
  t.equal({ list.status, #list.json }, { 200, 10 })
  local xml = sb:tw("GET", "/clientcompanies.xml?name=Northern%20Power")
  t.match(xml.headers["content-type"], "^application/xml")
  t.match(xml.body, "<clientcompanies><clientcompany>.*<name>Northern Power</name>")
  t.equal(sb:tw("GET", "/clientcompanies").status, 404)
  t.match(sb:tw("GET", "/nothing.xml").body, "<errors><error>Not Found</error></errors>")
end)

t.test("a resource without data has an empty answer", function()
  local sb <close> = sandbox.start()
  for _, suffix in ipairs { "json", "xml" } do
    local answer = sb:tw("GET", "/milestones." .. suffix)
    t.equal({ answer.status, answer.body }, { 200, "" })
  end
end)

t.test("creates, changes and deletes", function()
  local sb <close> = sandbox.start()
  local made = sb:tw("POST", "/tasks.json", { json = { name = "R&D", project_id = 1 } })
  t.equal({ made.status, made.json.name }, { 201, "R&D" })
  local path = "/tasks/" .. made.json.id
  t.match(sb:tw("GET", path .. ".xml").body, "<name>R&amp;D</name>")
  t.equal(sb:tw("PUT", path .. ".json", { json = { completed = true } }).json.completed, true)
  local headers = { ["Content-Type"] = "application/xml" }
  local changed = sb:tw("PUT", path .. ".json",
    { body = "<task><name>a &lt; b</name></task>", headers = headers })
  t.equal({ changed.status, changed.json.name, changed.json.completed }, { 200, "a < b", true })
  local inside = sb:tw("GET", "/projects/1/tasks.json").json
  t.equal(inside[#inside].name, "a < b")
  t.equal({ sb:tw("DELETE", path .. ".json").status, sb:tw("GET", path .. ".json").status },
    { 200, 404 })
end)

t.test("refuses wrong bodies with a list of errors", function()
  local sb <close> = sandbox.start()
  local answer = sb:tw("POST", "/tasks.json", { json = { colour = "red", project_id = 9999 } })
  t.equal(answer.status, 400)
  t.equal(answer.json.errors,
    { "colour is not a known field", "name can't be blank", "project_id does not exist" })
  t.match(sb:tw("POST", "/tasks.xml", { json = { name = 1 } }).body,
    "<error>name must be a string</error>")
  t.equal(sb:tw("POST", "/tasks.json", { body = '{"name":"x"}' }).status, 400,
    "no content type")
  local headers = { ["Content-Type"] = "application/xml" }
  for _, body in ipairs { "<task><name>x</name>", "<wrong><name>x</name></wrong>", "{}",
    '<!DOCTYPE task [<!ENTITY e "x">]><task><name>&e;</name></task>' } do
    t.equal(sb:tw("POST", "/tasks.json", { body = body, headers = headers }).status, 400, body)
  end
end)

t.test("some may not be changed, and each address has its verbs", function()
  local sb <close> = sandbox.start()
  t.equal(sb:tw("POST", "/people.json", { json = { name = "x" } }).status, 403)
  local answer = sb:tw("DELETE", "/clientcompanies.json")
  t.equal({ answer.status, answer.headers.allow }, { 405, "GET, POST" })
  t.equal(sb:tw("POST", "/clientcompanies/1.json", { json = { name = "x" } }).status, 405)
  t.equal(sb:tw("PATCH", "/clientcompanies/1.json", { json = { name = "x" } }).status, 405)
end)
