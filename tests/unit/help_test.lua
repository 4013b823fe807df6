---What help says, of names and of values.
local clients = require("tests.clients")
local help = require("help")
local t = require("tests.t")
local terminal = require("tests.terminal")

local listener = { url = "http://127.0.0.1:1" }

t.test("the overview names each service, module and topic, and each of them has a page", function()
  local text = help.overview()
  for _, name in ipairs({ "ticketing", "teleporte", "teamworklive", "task", "http", "json", "journal", "secret",
    "limits", "errors", "commands" }) do
    t.match(text, "\n  " .. name .. " ")
  end
  for _, name in ipairs(help.names()) do
    t.truthy(not help.text(name):find("^There is no help"), name)
  end
end)

t.test("a method is known by the function: text, parameters, types, defaults, example, source", function()
  local tk = clients.ticketing(listener)
  local text = help.text(tk.tickets.create)
  t.equal(help.text("ticketing.tickets.create"), text)
  t.equal(help.text("tickets.create"), text)
  t.match(text, "^tk%.tickets:create%({ %.%.%. }%)   POST /tickets\n  Creates a ticket%.")
  t.match(text, "\n  title +string, needed: one line")
  t.match(text, '\n  priority +"Low" | "Medium" | "Important" | "Urgent": how urgent')
  t.match(text, "\n    email +string, needed: e%-mail address")
  t.match(text, "\n  timeout +number 0%.001 to 86400, 60 unless given")
  t.match(text, "\nExample\n  tk%.tickets:create {\n    title = ")
  t.match(text, "\nSource\n  https://www%.teamswork%.app/fr/ticketingapi, \"Endpoint: POST /tickets\"")
  t.match(help.text(tk.tickets.each), "^tk%.tickets:each%(.*an iterator over every item")
  t.truthy(help.text(tk.tickets.each) ~= help.text(tk.tickets.list))
end)

t.test("clients, resources, their common methods, connect", function()
  local tk, tw = clients.ticketing(listener), clients.teamworklive(listener)
  t.equal(help.text(tk), help.text("ticketing"))
  t.equal(help.text(tk.tickets), help.text("ticketing.tickets"))
  t.match(help.text(tw:resource("clientcompanies")), "^tw:resource%(name%)\n")
  t.equal(help.text(tw.resource), help.text("teamworklive.resource"))
  t.match(help.text(tk.request), "^client:request%(request, options%?%)\n")
  t.match(help.text("ticketing.request"), "^tk:request%(")
  t.match(help.text(require("ticketing").connect), "read_key +secret: secondary key")
end)

t.test("modules: what the comments say is what help says", function()
  local task = require("task")
  t.match(help.text(task.map), "^task%.map%(list, f, options%?%)\n  Calls f%(item, index%)")
  t.match(help.text("task.map"), "limit +integer")
  t.match(help.text(task), '^local task = require "task"\n')
  t.match(help.text("http.get"), "\n  Sends a GET request")
  t.match(help.text("ticketing.limits"), "\nReturns\n  limits: table, limit, window.*without limit, window and free")
  t.match(help.text("http.get"), "\n    body_max +integer: bytes")
  t.match(help.text(task.spawn(function() end).join), "^t:join%(%)\n  Waits until")
end)

t.test("each public function of a module has a page of its own", function()
  for _, name in ipairs({ "task", "http", "json", "journal", "secret" }) do
    for key, value in pairs(require(name)) do
      local is_internal = name == "task" and (key == "run" or key == "wait")
      if type(value) == "function" and not is_internal then
        t.match(help.text(value), "^" .. name .. "%." .. key .. "%(")
      end
    end
  end
end)

t.test("topics come from the data", function()
  t.match(help.text("limits"), "\n  TICKETING_LIMIT +100/60s\n")
  t.match(help.text("errors"), "\n  unknown_outcome +look at the service")
  t.match(help.text("options"), "\n  priority +\"high\" | \"normal\" | \"low\"")
end)

t.test("commands of the session have their line", function()
  t.equal(help.text(":save"), ":save FILE\n  writes what ran without an error as a recipe; :save! replaces a file\n")
  t.equal(help.text("save"), help.text(":save"))
  t.match(help.text(":savee"), "^There is no help")
end)

t.test("a misspelt name gets the nearest", function()
  t.match(help.text("limts"), '^There is no help on "limts". The nearest is "limits":\n\nlimits: ')
  t.match(help.text("tickets.crate"), 'nearest is "ticketing.tickets.create"')
  t.match(help.text("task.spawm"), 'nearest is "task.spawn"')
  t.equal(help.text("qwertyuiop"), 'There is no help on "qwertyuiop". help() lists what there is.\n')
end)

t.test("errors and other values", function()
  local ok, e = pcall(clients.ticketing(listener).tickets.get, 1)
  t.equal(ok, false)
  t.match(help.text(e), "call it with a colon.*\n  kind +usage\n")
  t.match(help.text(require("json").null), "^json%.null")
  t.match(help.text(nil), "^nil: nothing has this name")
  t.match(help.text(print), "^A function of your own or of Lua's library")
  local hostile = setmetatable({}, { __tostring = error, __index = error, __eq = error })
  t.equal(help.text(hostile), "A table. help() lists what there is help on.\n")
end)

t.test("no line is wider than asked for, but examples and names", function()
  for line in help.text("task", 60):gmatch("[^\n]+") do
    t.truthy(utf8.len(line) <= 60, line)
  end
end)

t.test("in a session help is a global", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter("help(task.sleep)", "task%.sleep%(seconds%)\n  Waits%.\n")
  session:enter("help 'limts'", 'The nearest is "limits"')
end)
