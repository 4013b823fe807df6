-- Results in a session, on a terminal.
local t = require "tests.t"
local terminal = require "tests.terminal"

t.test("a long result stops at the screen's end, :more and :all go on", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter("rows = {} for i = 1, 100 do rows[i] = { id = i, name = 'site ' .. i } end", "end\n>\n$")
  local screen = session:enter("rows", "%-%- 36 of 100 rows; :more shows the next, :all the rest\n>\n$")
  t.match(screen, "\n 36  site 36\n100 rows\n")
  session:enter(":more", "\n 73  site 73\n100 rows\n%-%- 73 of 100 rows; :more[^\n]+\n>\n$")
  session:enter(":all", "\n100  site 100\n100 rows\n>\n$")
  session:enter(":more", "siterun: there is no more to show\n>\n$")
  session:enter("_[7]", "\nid    7\nname  site 7\n>\n$")
end)

t.test("a table follows the width of the terminal", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter("rows = {{ id = 1, name = 'x', text = ('word '):rep(30) }}", "}}\n>\n$")
  session:enter("rows", "1 row\n>\n$")
  session:tmux("resize-window", "-x", "60")
  local screen = session:enter("rows", "1 row.-1 row\n>\n$")
  t.match(screen, "\n 1  x     [word ]+…\n1 row\n>\n$")
end)

t.test("-o in a session writes each result so", function()
  local run = t.siterun { args = { "-i", "-o", "json" }, stdin = "{ a = 1 }\nx = 2\nx\n" }
  t.equal(run, { code = 0, stdout = '{"a":1}\n2\n', stderr = "" })
end)

t.test("what a service sends does not steer the terminal in any format", function()
  for _, format in ipairs { "json", "ndjson", "csv", "table" } do
    local screen <close> = terminal.siterun("-o", format, "-e", "return { { a = 'x\\27[31m\\127y' } }")
    t.match(screen:wait("exit code 0"), format:find("json") and 'x\\u001b%[31m\\u007fy' or "x\\x1b%[31m\\x7fy")
  end
end)

t.test("fields stand as their service's declaration has them, then by name", function()
  local path = t.write(t.scratch .. "/names.lua", [[
    local tk = require("ticketing").connect()
    local text = require("view").show({ n = 1, tk.tickets:list { limit = 1 }.items[1] }, { width = 80 })
    for name in text:gmatch("%f[^\n%z](%w+)") do io.write(name, " ") end]])
  t.equal(t.siterun { args = { "--sandbox", path } }.stdout,
    "id ticketNo title status priority createdOn expectedDate lastUpdatedOn "
    .. "requestor description assignee customFields tags createdBy statusId ")
end)
