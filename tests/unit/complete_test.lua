---What Tab offers, by the text before the cursor.
local clients = require("tests.clients")
local complete = require("repl.complete")
local t = require("tests.t")

local listener = { url = "http://127.0.0.1:1" }

---The words for a text with "|" where the cursor is, in one string.
local function words(text)
  local before, after = text:match("^(.-)|(.*)$")
  local found = complete.find(before .. after, #before)
  return table.concat(found.words, " "), found
end

---Sets globals for the time of one test.
local function with(globals, body)
  for name, value in pairs(globals) do
    rawset(_G, name, value)
  end
  local ok, e = pcall(body)
  for name in pairs(globals) do
    rawset(_G, name, nil)
  end
  t.truthy(ok, tostring(e))
end

---@param cases {[1]: string, [2]: string}[] text, words
local function check(cases)
  for _, case in ipairs(cases) do
    t.equal(words(case[1]), case[2], case[1])
  end
end

t.test("globals, modules that are not loaded yet, keywords", function()
  check({
    { "prin|", "print" },
    { "x = teamw|", "teamworklive" },
    { "fu|", "function" },
    { "f(task.sle|", "sleep" },
    { "string.fo|", "format" },
    { "print(_VERSION, ma|", "math" },
  })
end)

t.test("a completion says where the word begins, in bytes", function()
  local _, found = words("x = 'é'; y = prin|t")
  t.equal(found.from, 15)
end)

t.test("nothing is offered within comments, numbers and plain strings", function()
  check({ { "-- prin|", "" }, { "--[[ prin|", "" }, { "x = 12|", "" }, { "x = 'prin|", "" },
    { "x = [[prin|", "" }, { "-- a\nprin|", "print" }, { "'a' prin|", "print" } })
end)

t.test("clients: resources and methods, from the declaration", function()
  with({ tk = clients.ticketing(listener), tw = clients.teamworklive(listener) }, function()
    check({
      { "tk.|", "instance limits request tags tickets" },
      { "tk:|", "limits request" },
      { "x = tk.tickets:se|", "set_status" },
      { "tk.tickets:|", "activities all attachments comment create each get list set_status update" },
      { "tw:resource('clientcompanies'):c|", "create" },
      { "tw:|", "delete get limits post put request resource" },
      { "ticketing.connect().tickets:co|", "comment" },
      { "require('ticketing').connect().ta|", "tags" },
    })
  end)
end)

t.test("fields of values; only names that Lua can write", function()
  local value = { id = 1, name = "x", ["two words"] = 2, ["end"] = 3, [1] = "one", f = print,
    list = { { deep = { deeper = 1 } } } }
  with({ _ = value }, function()
    check({
      { "_.|", "f id list name" },
      { "print(_.n|", "name" },
      { "_:|", "f" },
      { "_.list[1].deep.|", "deeper" },
      { "_['list'][1].|", "deep" },
      { "_.name.|", "" },
      { "_.name:up|", "upper" },
      { "_.nothing.|", "" },
    })
  end)
end)

t.test("nothing of the user's runs", function()
  local ran
  local function run() ran = true end
  local hostile = setmetatable({ own = 1 }, { __index = run, __pairs = run, __len = run,
    __tostring = run, __eq = run, __metatable = run, __call = run, __name = run })
  local heir = setmetatable({}, { __index = hostile })
  with({ h = hostile, heir = heir, call = run }, function()
    check({ { "h.|", "own" }, { "h.a.b.|", "" }, { "heir.|", "own" }, { "call().|", "" },
      { "h().|", "" }, { "h:|", "" } })
  end)
  t.equal(ran, nil)
end)
