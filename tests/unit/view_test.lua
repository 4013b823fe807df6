-- Results as they are shown for reading.
local json = require "json"
local t = require "tests.t"
local view = require "view"

local function show(value, options)
  options = options or {}
  options.width, options.color = options.width or 80, options.color or false
  return view.show({ n = 1, value }, options)
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

local function id_of(i) return ("%08x-0000-4000-8000-000000000000"):format(i) end

local function tickets(count)
  local rows = {}
  for i = 1, count do
    rows[i] = { id = id_of(i), title = "Generator " .. i, status = "Open", ticketNo = i,
      createdOn = "2026-07-26", assignee = { name = "Ana", id = "1" }, note = ("x"):rep(60) }
  end
  return rows
end

t.test("single values", function()
  t.equal(view.show({ n = 0 }, { width = 80 }), "")
  for _, case in ipairs {
    { 5, "5\n" }, { 5.0, "5.0\n" }, { "five", "five\n" }, { "5", '"5"\n' }, { "", '""\n' },
    { " ", '" "\n' }, { "null", '"null"\n' }, { json.null, "null\n" }, { nil, "nil\n" },
    { true, "true\n" }, { json.array {}, "[]\n" }, { {}, "{}\n" }, { { 1, 2 }, "[1, 2]\n" },
    { "a\nb\tc", "a\nb\tc\n" }, { 9007199254740993, "9007199254740993\n" },
  } do
    t.equal(show(case[1]), case[2])
  end
end)

t.test("several single values share a line", function()
  t.equal(view.show({ n = 3, 1, nil, "a\nb" }, { width = 80, color = false }), "1\tnil\ta\\nb\n")
end)

t.test("a list of objects is a table with a count", function()
  t.equal(show { { id = 2, name = "Mast" }, { id = 10, name = "Depot", state = json.null } }, [[
id  name   state
 2  Mast
10  Depot  null
2 rows
]])
end)

t.test("the columns that tell most come first; what is left out is counted and named", function()
  local lines = lines_of(show(tickets(3), { width = 100 }))
  t.match(lines[1], "^id +ticketNo  title +status  createdOn +assignee.name$")
  t.match(lines[2], "^00000001%-0000%-4000%-8000%-000000000000 +1  Generator 1  Open +2026%-07%-26  Ana$")
  t.equal(lines[5], "3 rows; 1 column not shown: note; _[1] shows all of a row")
end)

t.test("a name alone makes no date; what an object is called stands for it", function()
  local row = { id = 1, shift_time = "08:00", at_time = "2026-07-26", user = { name = "Ana" }, site = { id = 4 } }
  t.match(show { row }, "^id  at_time     site.id  user.name  shift_time\n 1  2026%-07%-26  4 +Ana")
end)

t.test("every line fits the width", function()
  local display = require "c.display"
  for width = 30, 200, 7 do
    for _, line in ipairs(lines_of(show(tickets(12), { width = width }))) do
      t.truthy(display.width(line) <= width, line)
    end
  end
end)

t.test("ids are shortened only where they must be, and stay different", function()
  t.match(show(tickets(2), { width = 90 }), "\n00000001%-0000%-4000%-8000%-000000000000  ")
  local lines = lines_of(show(tickets(2), { width = 50 }))
  t.match(lines[2], "^00000001…  ")
  local same = { { id = ("a"):rep(30) .. "1", name = ("n"):rep(30) },
    { id = ("a"):rep(30) .. "2", name = ("n"):rep(30) } }
  t.match(show(same, { width = 45 }), "\n" .. ("a"):rep(30) .. "1")
end)

t.test("numbers and times are never cut", function()
  local rows = { { id = 12345678901234, at_time = "2026-07-26T10:00:00Z", name = "x" } }
  for width = 16, 60 do
    local text = show(rows, { width = width })
    t.equal(text:find("%d…"), nil, text)
  end
end)

t.test("null, empty and absent values are told apart", function()
  local lines = lines_of(show {
    { id = 1, v = json.null }, { id = 2, v = json.array {} }, { id = 3, v = json.object {} },
    { id = 4, v = "" }, { id = 5 }, { id = 6, v = "null" }, { id = 7, v = { 1 } },
  })
  t.equal(table.concat(lines, "|", 2, 8), ' 1  null| 2  []| 3  {}| 4  ""| 5| 6  "null"| 7  [1]')
end)

t.test("one object is a line for each field", function()
  t.equal(show { zone = "N", id = 7, title = "Mast", empty = json.array {}, code = "7",
    who = { name = "Ana", id = "x" }, none = json.null, made_at = "2026-07-26" }, [[
id       7
title    Mast
made_at  2026-07-26
code     "7"
empty    []
none     null
who      {id: x, name: Ana}
zone     N
]])
end)

t.test("what is nested and long stands below its name", function()
  local text = show({ id = 1, items = tickets(2), text = ("word "):rep(40) }, { width = 60 })
  t.match(text, "\nitems  2 objects\n  id +ticketNo")
  t.match(show({ a = { b = ("x"):rep(90) } }, { width = 60 }), "^a\n  b  x+\n")
  t.match(text, "\ntext   word word")
  t.match(text, "\n       word word")
end)

t.test("times with a zone are shown in local time too", function()
  local code = [[io.write(require("view").show(table.pack(load("return " .. arg[1])()), { width = 100 }))]]
  local path = t.write(t.scratch .. "/show_time.lua", code)
  local function shown(text, zone)
    local run = t.siterun { args = { path, text }, env = { TZ = zone } }
    t.equal(run.stderr, "")
    return run.stdout
  end
  local winter = "'2026-01-15T23:30:00Z'"
  t.equal(shown(winter, "CET-1"), "2026-01-15T23:30:00Z  (2026-01-16 00:30:00 local)\n")
  t.equal(shown(winter, "UTC"), "2026-01-15T23:30:00Z\n")
  t.equal(shown("'2026-01-15T23:30:00+02:00'", "UTC"),
    "2026-01-15T23:30:00+02:00  (2026-01-15 21:30:00 local)\n")
  t.equal(shown("'2026-01-15T23:30:00'", "CET-1"), "2026-01-15T23:30:00\n")
  t.match(shown("{ at = " .. winter .. " }", "CET-1"), "^at  2026.*00:30:00 local")
  t.match(shown("{ { id = 1, at = " .. winter .. " } }", "CET-1"),
    "^id  at +at %(local%)\n 1  2026%-01%-15T23:30:00Z  2026%-01%-16 00:30:00\n")
end)

t.test("no control character reaches the terminal, wherever it stands", function()
  local evil = "a\27]0;title\7\r\8\u{9b}31m\u{202e}\xff\0b"
  local shapes = { evil, { evil }, { [evil] = evil }, { { id = evil, [evil] = 1 } },
    { a = { b = { c = { [evil] = { evil, { x = evil } } } } } },
    { list = { { id = evil }, { id = evil } } },
    setmetatable({}, { __tostring = function() return evil end }),
    { a = setmetatable({}, { __tostring = function() return evil end }) },
    require("siterun.errors").new { kind = "server", message = evil } }
  for i, value in ipairs(shapes) do
    for width = 10, 90, 20 do
      local text = show(value, { width = width })
      t.equal(text:find("[\1-\8\11-\31\127]"), nil, i .. text)
      t.equal(text:find("\0", 1, true), nil)
      t.equal(text:find("\u{9b}", 1, true), nil)
      t.truthy(utf8.len(text), "valid UTF-8")
    end
  end
  t.match(show(evil), "^a\\x1b%]0;title\\x07\\r\\x08\\u{9b}31m\\u{202e}\\xff\\x00b\n$")
end)

t.test("columns of wide and combining characters are aligned", function()
  t.equal(show { { id = 1, name = "漢字", state = "a" }, { id = 2, name = "e\u{301}tat", state = "b" } },
    "id  name  state\n 1  漢字  a\n 2  e\u{301}tat  b\n2 rows\n")
end)

t.test("a secret is its label", function()
  local secret = require("c.secret").new("hush-hush-hush", "the key")
  t.equal(show(secret), tostring(secret) .. "\n")
  t.equal(show({ key = secret }):find("hush", 1, true), nil)
end)

t.test("a table that holds itself, and deep ones, come to an end", function()
  local loop = { id = 1 }
  loop.me = loop
  t.equal(show(loop), "id  1\nme  {…}\n")
  local list = {}
  list[1] = list
  t.equal(show(list), "[[…]]\n")
  local deep = { leaf = true }
  for i = 1, 5000 do deep = { ["k" .. i] = deep, long = ("y"):rep(90) } end
  t.truthy(#show(deep) < 10000)
  local wide = {}
  for i = 1, 3000 do wide["k" .. i] = { a = ("z"):rep(70), b = { ("q"):rep(70), deep } } end
  t.truthy(#lines_of(show(wide)) < 10000)
end)

t.test("a metatable's traps do not spring", function()
  local trap = setmetatable({ id = 1 }, {
    __index = function() error("sprung") end, __len = function() error("sprung") end,
    __pairs = function() error("sprung") end, __tostring = function() error("sprung") end,
    __eq = function() error("sprung") end,
  })
  t.match(show(trap), "1")
  t.match(show { trap, trap }, "id\n 1\n 1\n2 rows")
end)

t.test("a long table stops at the end of the screen; more goes on", function()
  local first = lines_of(show(tickets(50), { lines = 12, width = 100 }))
  t.equal(#first, 12)
  t.match(first[10], "Generator 9 ")
  t.equal(first[12], "-- 9 of 50 rows; :more shows the next, :all the rest")
  local second = lines_of(view.more(12))
  t.match(second[1], "Generator 10 ")
  t.equal(second[12], "-- 19 of 50 rows; :more shows the next, :all the rest")
  local rest = lines_of(view.more())
  t.equal(#rest, 32)
  t.match(rest[32], "^50 rows")
  t.equal(view.more(), "")
end)

t.test("what fits the screen is whole, and forgets what was begun before", function()
  show(tickets(50), { lines = 12 })
  t.equal(#lines_of(show(tickets(10), { lines = 12 })), 12)
  t.equal(view.more(), "")
end)

t.test("long text and objects stop too", function()
  local long = ("word "):rep(2000) .. "end"
  t.equal(show(long), long .. "\n", "whole where there is no screen")
  local lines = lines_of(show(("word "):rep(2000), { lines = 10 }))
  t.equal(#lines, 10)
  t.match(lines[10], "^%-%- 9 of 1%d%d lines; :more")
  local object = {}
  for i = 1, 100 do object["field" .. i] = i end
  t.equal(lines_of(show(object, { lines = 10 }))[10], "-- 9 of 100 lines; :more shows the next, :all the rest")
end)

t.test("clients tell their methods, errors their fields", function()
  local client = setmetatable({ list = print, settings = {} }, { __name = "siterun.tk.tickets" })
  t.equal(show(client), "tk.tickets: :list\n")
  local e = require("siterun.errors").new { kind = "not_found", status = 404, message = "gone" }
  t.match(show(e), "^not_found.-404.-gone.-\n.*\n  kind +not_found\n")
end)

t.test("colours change nothing else", function()
  for _, value in ipairs { tickets(3), { a = 1, b = json.null, c = tickets(2) }, "x", { 1, "2" } } do
    local plain = show(value)
    t.equal((show(value, { color = true }):gsub("\27%[[%d;]*m", "")), plain)
  end
  t.match(show({ { id = json.null } }, { color = true }), "^\27%[1mid")
end)

t.test("what table.pack and task.map make is a list", function()
  t.equal(show(table.pack(1, nil, "x")), "[1, null, x]\n")
  t.equal(show { n = 2, { id = 1 }, { id = 2 } }, "id\n 1\n 2\n2 rows\n")
  t.equal(show { n = 0 }, "[]\n")
  t.equal(show { n = 3 }, "n  3\n")
  t.equal(show { n = 1, 5, a = 2 }, "1  5\na  2\nn  1\n")
end)
