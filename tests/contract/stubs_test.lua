---The stubs that editors complete recipes by are those of what recipes can call.
local clients = require("tests.clients")
local known = require("help.known")
local members = require("help.members")
local notes = require("help.notes")
local origin = require("siterun.origin")
local stubs = require("siterun.stubs")
local t = require("tests.t")

local files = stubs.files()

---The functions of a stub: "tickets:create" -> "parameters, options".
local function functions(text)
  local found = {}
  for name, arguments in ("\n" .. text):gmatch("\nfunction ([%w_.:]+)%((.-)%) end") do
    found[name] = arguments
  end
  for name, arguments in ("\n" .. text):gmatch("\n([%w_.]+) = function%((.-)%) end") do
    found[name] = arguments
  end
  return found
end

local function keys(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function add_functions(found, holder, name, mark)
  for key, value in pairs(holder) do
    if type(value) == "function" then found[name .. mark .. key] = true end
  end
end

local CONNECT = {
  ticketing = clients.ticketing, teleporte = clients.teleporte, teamworklive = clients.teamworklive,
}

---What a client really has: its own methods, and those of its resources.
local function of_client(name)
  local client = CONNECT[name]({ url = "http://127.0.0.1:1" })
  local found = { [name .. ".connect"] = true }
  add_functions(found, client, "Client", ":")
  for key, value in pairs(client) do
    local from = origin.of(value)
    if from and from.bound then value = client[key](client, "things") end
    if from and from.resource then add_functions(found, value, key, ":") end
  end
  return found
end

for _, name in ipairs(require("siterun.services").NAMES) do
  t.test(name .. ": each method has a stub, each stub a method", function()
    t.equal(keys(functions(files[name .. ".lua"])), keys(of_client(name)))
  end)
end

---What a module only passes on is not its own.
local function is_own(f, name)
  return debug.getinfo(f, "S").source:find("/" .. name .. ".lua", 1, true) ~= nil
end

t.test("each function of a module has a stub, each stub a function", function()
  for _, name in ipairs(known.FACES) do
    local found = {}
    for key, value in pairs(require(name)) do
      if type(value) == "function" and is_own(value, name) then found[name .. "." .. key] = true end
    end
    t.equal(keys(functions(files[name .. ".lua"])), keys(found), name)
  end
end)

t.test("methods of clients and tasks have stubs", function()
  local found = functions(files["siterun.lua"])
  for _, name in ipairs(members.COMMON) do t.truthy(found["Client:" .. name], name) end
  for name, value in pairs(require("siterun.scheduler").Task) do
    local is_method = type(value) == "function" and name:sub(1, 2) ~= "__" and name ~= "ready"
    t.equal(found["Task:" .. name] ~= nil, is_method, name)
  end
end)

local MODULES = { "help", "http", "journal", "json", "secret", "service", "siterun.client", "task" }

t.test("each parameter of a public function is annotated", function()
  for _, name in ipairs(MODULES) do
    for _, note in ipairs(notes.module(name).notes) do
      local arguments = note.head:match("^function.-%((.*)%)$")
      local documented = {}
      for i, param in ipairs(note.params) do documented[i] = param.name end
      if arguments then
        arguments = arguments:gsub(",? ?%.%.%.$", "")
        t.equal(table.concat(documented, ", "), arguments, name .. "." .. note.name)
      end
      t.truthy(note.text ~= "" or note.tags.private or name == "siterun.client", name .. "." .. note.name)
    end
  end
end)

t.test("each class that a stub names is in a stub", function()
  local all, defined = table.concat({ files["siterun.lua"] }), {}
  for _, text in pairs(files) do all = all .. text end
  for name in all:gmatch("@class ([%w_.]+)") do defined[name] = true end
  for name in all:gmatch("@alias ([%w_.]+)") do defined[name] = true end
  for tag, rest in all:gmatch("\n%-%-%-@(%a+)([^\n]*)") do
    if tag == "param" or tag == "field" or tag == "return" or tag == "class" then
      local type = rest:match(tag == "return" and "^ (%S+)" or tag == "class" and ": (%S+)" or "^ %S+ (%S+)") or ""
      for name in type:gmatch("%f[%w][%a][%w_]*%.[%w_.]+") do t.truthy(defined[name], name) end
    end
  end
end)

t.test("what a request may hold is what is checked", function()
  local documented = {}
  for _, field in ipairs(notes.class("siterun.AnyRequest").fields) do documented[field.name] = true end
  t.equal(keys(documented), keys(require("siterun.passthrough").FIELDS))
end)

t.test("stubs are Lua that luacheck accepts", function()
  local folder = t.scratch .. "/types"
  stubs.write(folder)
  for name, text in pairs(files) do
    t.equal(t.read(folder .. "/" .. name), text)
    t.truthy(load(text, "=" .. name))
  end
  local report = t.scratch .. "/luacheck"
  local ok = os.execute(("luacheck -q --no-color --std lua54 --no-unused --no-max-line-length %s > %s"):format(
    t.quote(folder), t.quote(report)))
  t.truthy(ok, t.read(report))
end)
