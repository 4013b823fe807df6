-- What can be told of a function: how it is called, what it takes and gives.
local docs = require "siterun.docs"
local notes = require "help.notes"
local options = require "siterun.options"
local nearest = require "siterun.nearest"
local forms = require "siterun.form"
local spec = require "help.spec"

local M = {}

---@class help.Entry
---@field name string "ticketing.tickets.create"
---@field call string how it is written: "tk.tickets:create({ ... })"
---@field text string
---@field arguments help.Spec[] in order; a table of parameters is one, with fields
---@field options? help.Spec what the last table may hold
---@field returns string[]
---@field example? string
---@field request? string "POST /tickets"
---@field source? string where the service's document defines it

M.ONCE = { type = "string", fields = function() return {} end,
  name = "once", text = "key of the write: it happens once under it, in all runs" }

local function option_specs(service, endpoint)
  local list = spec.of_params(service, forms.of(endpoint, service).option)
  for _, name in ipairs(nearest.keys(options)) do
    local made = spec.of_param(service, options[name])
    made.name = name
    list[#list + 1] = made
  end
  local suffix = endpoint.suffix
  if suffix then
    list[#list + 1] = spec.of_param(service, { name = suffix.option, type = "enum",
      values = nearest.keys(suffix.values), default = suffix.default,
      text = "form of the answer" })
  end
  if endpoint.write then list[#list + 1] = M.ONCE end
  return list
end

local function table_spec(name, text, list)
  return { name = name, type = "table", text = text, fields = function() return list end }
end

local TEXTS = {
  each = "Goes through every item of all pages, holding one page at a time. "
    .. "The parameters are those of list.",
  all = "Reads every item of all pages into one list. The parameters are those of list.",
}

local RESULTS = {
  page = "a table: items (list), and %s where there are more",
  list = "a list", object = "a table", any = "what the service answers",
}

local function result_of(endpoint, way)
  if way == "each" then return "an iterator over every item, of all pages" end
  if way == "all" then return "a list of every item, of all pages" end
  if endpoint.write and endpoint.method == "DELETE" then return "nothing" end
  local paging = endpoint.paging
  return RESULTS[endpoint.result.kind]:format(paging and paging.token or "")
end

local function written(service, endpoint, way)
  local call = docs.signature(service, endpoint)
  if way == "call" then return call end
  return (call:gsub(":list%(", ":" .. way .. "("))
end

local function source_of(service, endpoint)
  if not endpoint.section then return "in use by others; not in the vendor's document" end
  return string.format("%s, \"%s\"", service.source, endpoint.section)
end

---@param from siterun.Origin of a method
---@return help.Entry
function M.of_endpoint(from)
  local service, endpoint, way = from.service, from.endpoint, from.way
  local given = forms.of(endpoint, service)
  local list = spec.of_params(service, given.positional)
  local named = given.named
  if #named > 0 or endpoint.open then
    list[#list + 1] = table_spec("parameters", "", spec.of_params(service, named))
  end
  local last = table_spec("options", "the last table", option_specs(service, endpoint))
  list[#list + 1] = last
  local method = way == "call" and endpoint.method_name or way
  return {
    name = table.concat({ service.name, endpoint.resource or method,
      endpoint.resource and method }, "."),
    call = written(service, endpoint, way), text = TEXTS[way] or endpoint.text,
    arguments = list,
    options = last, returns = { result_of(endpoint, way) }, example = endpoint.example,
    request = endpoint.method .. " " .. endpoint.path, source = source_of(service, endpoint),
  }
end

---@param service siterun.Service
---@return help.Entry
function M.of_connect(service)
  return {
    name = service.name .. ".connect",
    call = string.format("%s = %s.connect(options?)", service.short, service.name),
    text = M.connect_note().text,
    arguments = { table_spec("options", "", spec.of_settings(service)) },
    returns = { "a client" }, source = service.source,
    example = string.format("local %s = require(\"%s\").connect()", service.short,
      service.name),
  }
end

---What is said of every service's connect.
---@return help.Note
function M.connect_note()
  for _, note in ipairs(notes.module("service").notes) do
    if note.name == "connect" then return note end
  end
end

local function returns_of(note)
  local list = {}
  for i, field in ipairs(note.returns) do
    local name = field.name and field.name ~= "..." and field.name .. ": " or ""
    list[i] = name .. field.type .. (field.text ~= "" and ", " .. field.text or "")
  end
  return list
end

local function words_of(note)
  local words = {}
  for i, param in ipairs(note.params) do
    words[i] = param.name .. (param.optional and "?" or "")
  end
  local head = note.head:match "%((.*)%)" or ""
  if head:find("...", 1, true) then words[#words + 1] = "..." end
  return table.concat(words, ", ")
end

---@param note help.Note
---@param holder string "task", "tk", "t"
---@return help.Entry
function M.of_note(note, holder)
  local list = {}
  for i, param in ipairs(note.params) do list[i] = spec.of_field(param) end
  return {
    name = holder .. "." .. note.name,
    call = string.format("%s%s%s(%s)", holder, note.colon and ":" or ".", note.name,
      words_of(note)),
    text = note.text, arguments = list, returns = returns_of(note),
  }
end

return M
