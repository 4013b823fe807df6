-- Finds the page of a name: "ticketing", "ticketing.tickets.create", "task.map", "limits".
local known = require "help.known"
local layout = require "help.layout"
local members = require "help.members"
local near = require "siterun.nearest"
local notes = require "help.notes"
local page = require "help.page"
local services = require "siterun.services"
local topics = require "help.topics"

local M = {}

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

local IS_FACE = set_of(known.FACES)

local function topic_page(name, width)
  local topic, out = topics.list[name], layout.new(width)
  out:line(name .. ": " .. topic.title)
  out:text(topic.text, 2)
  if topic.rows then
    out:line()
    out:rows(topic.rows(), 2)
  end
  return out:finish()
end

---A command of the session: "save", ":save".
local function command_page(name, width)
  local commands = require "repl.commands"
  local command, out = commands.find(name), layout.new(width)
  if not command then return nil end
  out:line(commands.call(command))
  out:text(command.text, 2)
  return out:finish()
end

-- "tickets", "create": below a service.
local function below_service(service, words, width)
  local from = { service = service, client = true }
  for _, word in ipairs(words) do
    from = members.find(from, word)
      or #words == 1 and word == "connect" and { service = service, connect = true }
    if not from then return nil end
  end
  if from.resource and not from.endpoint then
    return page.of_resource(service, from.resource, width)
  end
  return page.of_entry(known.entry(nil, from), width)
end

local function below_face(face, name, width)
  local value = rawget(require(face), name)
  local entry = known.entry(value)
  return entry and page.of_entry(entry, width)
end

local function split(name)
  local words = {}
  for word in name:gmatch "[^.:%s]+" do words[#words + 1] = word end
  return words
end

---Each full name of a method: "ticketing.tickets.create".
local function method_names()
  local names = {}
  for _, service in ipairs(services.declarations()) do
    local name = service.name
    for _, member in ipairs(members.of { service = service, client = true }) do
      names[#names + 1] = name .. "." .. member.name
      for _, method in ipairs(member.origin.resource and members.of(member.origin) or {}) do
        names[#names + 1] = string.format("%s.%s.%s", name, member.name, method.name)
      end
    end
    names[#names + 1] = name .. ".connect"
  end
  return names
end

local function face_names()
  local names = {}
  for _, face in ipairs(known.FACES) do
    for _, note in ipairs(known.public(face)) do
      if #note.params > 0 or note.head:find "^function" then
        names[#names + 1] = face .. "." .. note.name
      end
    end
  end
  return names
end

---Names that have a page.
---@return string[] sorted
function M.names()
  local names = near.keys(topics.list)
  for _, list in ipairs { services.NAMES, known.FACES, method_names(), face_names() } do
    table.move(list, 1, #list, #names + 1, names)
  end
  table.sort(names)
  return names
end

---The full name of one that lacks its beginning, such as "tickets.create" or "map".
local function completed(words)
  local ending = "." .. table.concat(words, ".")
  for _, name in ipairs(M.names()) do
    if name:sub(-#ending) == ending then return name end
  end
end

---@param name string
---@param width integer
---@return string?
function M.page(name, width)
  local words = split(name)
  local first = table.remove(words, 1)
  if name:find "^:" then return command_page(first, width) end
  if topics.list[name] then return topic_page(name, width) end
  local service = first and services.declaration(first)
  if service then
    return #words == 0 and page.of_service(service, width)
      or below_service(service, words, width)
  end
  if IS_FACE[first] then
    return #words == 0 and page.of_module(first, width) or below_face(first, words[1], width)
  end
  local full = first and completed(split(name))
  return full and M.page(full, width) or first and command_page(first, width)
end

---The last `count` parts of a name.
local function tail(name, count)
  local words = split(name)
  return table.concat(words, ".", math.max(#words - count + 1, 1))
end

---The name that is nearest, where it is written in full or without its beginning.
---@param name string
---@return string?
function M.nearest(name)
  local words, tails, full = split(name), {}, {}
  for _, known_name in ipairs(M.names()) do
    local short = tail(known_name, #words)
    tails[#tails + 1], full[short] = short, full[short] or known_name
  end
  return full[near.find(table.concat(words, "."), tails)]
end

---What the overview shows.
---@return {title: string, rows: table}[]
function M.groups()
  local declared, modules, other = {}, {}, {}
  for i, service in ipairs(services.declarations()) do
    declared[i] = { service.name, service.text }
  end
  for _, name in ipairs(known.FACES) do
    modules[#modules + 1] = { name, page.first(notes.module(name).text) }
  end
  for _, name in ipairs(near.keys(topics.list)) do
    other[#other + 1] = { name, topics.list[name].title }
  end
  return { { title = "Services", rows = declared }, { title = "Modules", rows = modules },
    { title = "Topics", rows = other } }
end

return M
