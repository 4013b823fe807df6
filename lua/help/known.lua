-- What a value is: which method, module or function of siterun's.
local client = require "siterun.client"
local entry = require "help.entry"
local notes = require "help.notes"
local origin = require "siterun.origin"
local scheduler = require "siterun.scheduler"
local services = require "siterun.services"

local M = {}

---Modules that recipes require, besides the services.
M.FACES = { "help", "http", "journal", "json", "secret", "service", "task" }

-- Tables of methods: what a variable of such a value is called in examples.
local CLASSES = {
  Client = { methods = client.Client, short = "client", module = "siterun.client" },
  Task = { methods = scheduler.Task, short = "t", module = "task" },
}

---The functions of a module's notes, by their value.
local function index(module, name, into)
  for _, note in ipairs(notes.module(name).notes) do
    local class = CLASSES[note.holder]
    local holder = class and class.methods or note.holder == "M" and module
    local value = type(holder) == "table" and rawget(holder, note.name)
    if type(value) == "function" and not note.tags.private then
      into[value] = { note = note, holder = class and class.short or name }
    end
  end
end

local function functions()
  local found = {}
  index({}, "siterun.client", found)
  for _, name in ipairs(M.FACES) do
    local module = rawget(package.loaded, name)
    if module then index(module, name, found) end
  end
  return found
end

---What can be told of a function, if it is one of siterun's.
---@param value any
---@param from? siterun.Origin where there is no value, or it is known already
---@return help.Entry?
function M.entry(value, from)
  from = from or origin.of(value)
  if from and from.endpoint then return entry.of_endpoint(from) end
  if from and from.connect then return entry.of_connect(from.service) end
  if from and from.common then value = rawget(client.Client, from.common) end
  local found = type(value) == "function" and functions()[value]
  return found and entry.of_note(found.note, from and from.service.short or found.holder) or nil
end

---The notes of a module that recipes require: what is public in it.
---@param name string
---@return help.Note[]
function M.public(name)
  local list = {}
  local module = rawget(package.loaded, name)
  if module and origin.of(module.connect) then return { entry.connect_note() } end
  for _, note in ipairs(notes.module(name).notes) do
    if note.holder == "M" and not note.tags.private then list[#list + 1] = note end
  end
  return list
end

---Every module that recipes require.
---@return string[] sorted
function M.modules()
  local names = services.NAMES
  local list = table.move(names, 1, #names, #M.FACES + 1, { table.unpack(M.FACES) })
  table.sort(list)
  return list
end

---The name of a module of siterun's, if the value is one.
---@param value any
---@return string?
function M.module(value)
  for _, name in ipairs(M.modules()) do
    if value ~= nil and rawequal(rawget(package.loaded, name), value) then return name end
  end
end

---What a module is for.
---@param name string
---@return string
function M.text(name)
  local service = services.declaration(name)
  return service and service.text or notes.module(name).text
end

return M
