---What Tab offers, by the text before the cursor.
local clients = require("tests.clients")
local complete = require("repl.complete")
local t = require("tests.t")
local terminal = require("tests.terminal")

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

t.test("parameters of a call's table, but not those that are given", function()
  with({ tk = clients.ticketing(listener), tw = clients.teamworklive(listener), id = 1 }, function()
    check({
      { "tk.tickets:create{ ti|", "title=" },
      { "tk.tickets:create({ title = 'x', t|", "tags=" },
      { "tk.tickets:create { desc|, title = 'x', description = 'y' }", "" },
      { "tk.tickets:create { title = 'x', requestor = { na|", "name=" },
      { "tk.tickets:create({ tags = { { te|", "text=" },
      { "tk.tickets:update(id, { pri|", "priority=" },
      { "tk.tickets:update(id, { priority = 'Low' }, { pri|", "priority=" },
      { "tk.tickets:create({ title = 'x' }, { on|", "once=" },
      { "tk.tickets:each { st|", "status= statusId=" },
      { "tk.tickets:get(id, { on|", "" },
      { "tk:request { me|", "method=" },
      { "tw:get('x', { page = 1 }, { form|", "format=" },
      { "ticketing.connect { read|", "read_key=" },
      { "require('ticketing').connect().tickets:create {\n  -- {\n  title = '}',\n  req|", "requestor=" },
      { "http.get('https://x.org', { time|", "timeout=" },
      { "task.map({}, print, { li|", "limit=" },
      { "journal.list { sin|", "since=" },
      { "print({ ti|", "ticketing" },
    })
  end)
end)

t.test("values of enums, within and without quotes", function()
  with({ tk = clients.ticketing(listener), id = 1 }, function()
    check({
      { 'tk.tickets:set_status(id, { status = "Res|', 'Resolved"' },
      { 'tk.tickets:set_status(id, { status = "Res|" })', "Resolved" },
      { "tk.tickets:set_status(id, { status = 'Re|", "Reopened Resolved" },
      { "tk.tickets:create { priority = |", '"Important" "Low" "Medium" "Urgent"' },
      { "tk.tickets:create { priority = prin|", "print" },
      { "tk.tickets:list { isResolved = |", "false true" },
      { "tk.tickets:list({ ['orderBy'] = 'cre|", "createdDateTime'" },
      { "ticketing.connect { region = 'e|", "eu'" },
      { "tk:request { method = 'P|", "PATCH POST PUT" },
    })
  end)
end)

t.test("strings: files, modules, pages of help, keys", function()
  local folder = t.scratch .. "/complete"
  os.execute("mkdir -p " .. t.quote(folder .. "/folder"))
  t.write(folder .. "/one.lua", "")
  t.write(folder .. "/two words.csv", "")
  t.write(folder .. "/.hidden", "")
  with({ keys = { ["two words"] = 1, one = { [2] = 1 } }, secret = require("secret"), help = require("help") }, function()
    check({
      { ("dofile('%s/o|"):format(folder), folder .. "/one.lua'" },
      { ("io.open '%s/two|"):format(folder), folder .. "/two words.csv'" },
      { ("secret.file(\"%s/fo|"):format(folder), folder .. "/folder/" },
      { ("dofile('%s/|"):format(folder), ("D/folder/ D/one.lua D/two words.csv"):gsub("D", folder) .. "" },
      { ("loadfile('%s/.|"):format(folder), folder .. "/.hidden'" },
      { ("print('%s/|"):format(folder), "" },
      { "dofile('/there/is/nothing/|", "" },
      { (":save %s/o|"):format(folder), folder .. "/one.lua" },
      { "require 'ticke|", "ticketing'" },
      { "help 'ticketing.tickets.set|", "ticketing.tickets.set_status'" },
      { "keys['two|", "two words'" },
    })
  end)
end)

t.test("lines that are commands", function()
  check({ { ":tr|", "trace" }, { ":trace |", "off on" }, { ":help lim|", "limits" },
    { ":time task.sl|", "sleep" }, { ":nothing x|", "" } })
  local found = complete.find(":time task.sl", 13)
  t.equal(found.from, 12)
end)

t.test("signatures tell types and texts", function()
  with({ tk = clients.ticketing(listener) }, function()
    local _, found = words("tk.tickets:create { pri|")
    t.match(table.concat(found.signatures, "\n"),
      '^tk.tickets:create%({ title, requestor, description%?.*\n  priority  "Low" | "Medium".*: how urgent$')
    _, found = words("tk.tickets:|")
    t.match(table.concat(found.signatures, "\n"), "\n  get%(ticket_id%) +Reads a ticket%.\n")
    _, found = words("tk.tickets:create(|")
    t.equal(found.signatures[1], "tk.tickets:create({ title, requestor, description?, priority?, assignee?,")
    _, found = words("task.sle|")
    t.equal(found.signatures, { "  task.sleep(seconds)  Waits." })
  end)
end)

t.test("of too many words those are kept that all have their beginning in common with", function()
  local many = { xa = 1 }
  for i = 1, 1500 do
    many[("x%05d"):format(i)] = i
  end
  with({ many = many }, function()
    local _, found = words("many.|")
    t.truthy(#found.words <= 1002)
    t.equal({ found.words[1], found.words[#found.words] }, { "x00001", "xa" })
  end)
end)

t.test("Tab inserts what is clear, lists what is not and then tells of it", function()
  local session <close> = terminal.siterun("--sandbox")
  session:wait(">\n")
  session:enter("tk = ticketing.connect()", "connect%(%)\n[^\n]*>\n")
  local function tab(typed, pattern)
    session:type(typed)
    session:press("Tab")
    session:wait(pattern)
  end
  tab("tk.tickets:cr", "tk%.tickets:create\n")
  tab("{ ti", "create{ title=\n")
  tab("'x', pri", "title='x', priority=\n")
  tab("", 'priority="\n')
  tab("", "Important  Low +Medium +Urgent\n")
  tab("", "tk%.tickets:create%({ title, requestor, description%?")
  tab("Ur", 'priority="Urgent"\n')
end)

t.test("any text has words that begin with what is typed, wherever the cursor is", function()
  local text = "tk.tickets:create({ title = 'x', [\"a\"] = { [[b]] } }, -- c\n#tk:_..'\\' 0x1p4 :time \xff\0é) :x"
  with({ tk = clients.ticketing(listener) }, function()
    for first = 1, #text, 7 do
      for cursor = 0, #text - first + 1, 5 do
        local part = text:sub(first)
        local found = complete.find(part, cursor)
        local typed = part:sub(found.from, cursor)
        for _, word in ipairs(found.words) do t.equal(word:sub(1, #typed), typed, part) end
      end
    end
  end)
end)
