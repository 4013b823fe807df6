-- The pages of help: of a function, a resource, a service, a module.
local known = require "help.known"
local layout = require "help.layout"
local members = require "help.members"
local notes = require "help.notes"

local M = {}

---"type, needed: text" of a parameter.
---@param spec help.Spec
---@return string
function M.told(spec)
  local what = spec.type
  if spec.needed then what = what .. ", needed" end
  if spec.default ~= nil then
    what = string.format("%s, %s unless given", what, tostring(spec.default))
  end
  return spec.text ~= "" and what .. ": " .. spec.text or what
end

local function add_specs(rows, specs, depth)
  for _, spec in ipairs(specs) do
    rows[#rows + 1] = { ("  "):rep(depth) .. spec.name, M.told(spec) }
    if depth == 0 then
      local inner = spec.element or spec
      add_specs(rows, inner.fields(), 1)
    end
  end
  return rows
end

local function heading(out, text)
  out:line()
  out:line(text)
end

---Positional arguments and the names of tables; the last table of the options is its own.
local function add_arguments(out, entry)
  local rows = {}
  for _, spec in ipairs(entry.arguments) do
    if spec == entry.options then break end
    local is_table = spec.type == "table" and #spec.fields() > 0
    add_specs(rows, is_table and spec.fields() or { spec }, 0)
  end
  if #rows > 0 then
    heading(out, "Parameters")
    out:rows(rows, 2)
  end
  if entry.options then
    heading(out, "Options (a last table)")
    out:rows(add_specs({}, entry.options.fields(), 1), 0)
  end
end

---@param entry help.Entry
---@param width integer
---@return string
function M.of_entry(entry, width)
  local out = layout.new(width)
  out:line(entry.call .. (entry.request and "   " .. entry.request or ""))
  out:text(entry.text, 2)
  add_arguments(out, entry)
  if #entry.returns > 0 then
    heading(out, "Returns")
    for _, text in ipairs(entry.returns) do out:text(text, 2) end
  end
  if entry.example then
    heading(out, "Example")
    out:block(entry.example, 2)
  end
  if entry.source then
    heading(out, "Source")
    out:text(entry.source, 2)
  end
  return out:finish()
end

---The first sentence of a text.
---@param text string
---@return string
function M.first(text)
  return text:match "^(.-%.)%s" or text
end

local function method_rows(service, resource)
  local rows = {}
  for _, member in ipairs(members.methods(service, resource)) do
    rows[#rows + 1] = { member.name, M.first(known.entry(nil, member.origin).text) }
  end
  return rows
end

local function common_rows(service)
  local rows = {}
  for _, name in ipairs(members.COMMON) do
    local entry = known.entry(nil, { service = service, common = name })
    rows[#rows + 1] = { name, M.first(entry.text) }
  end
  return rows
end

local function resource_call(service, member)
  local form = member.origin.bound and "%s:%s(name)" or "%s.%s"
  return form:format(service.short, member.name)
end

---@param service siterun.Service
---@param resource string
---@param width integer
---@return string
function M.of_resource(service, resource, width)
  local out = layout.new(width)
  for _, member in ipairs(members.resources(service)) do
    if member.name == resource then out:line(resource_call(service, member)) end
  end
  out:rows(method_rows(service, resource), 2)
  out:line()
  out:text(string.format("help \"%s.%s.NAME\" tells all of one.", service.name, resource))
  return out:finish()
end

---@param service siterun.Service
---@param width integer
---@return string
function M.of_service(service, width)
  local out = layout.new(width)
  out:line(string.format("%s (%s)", service.title, service.source))
  out:text(service.text, 2)
  out:line(string.format("  %s = %s.connect()", service.short, service.name))
  for _, member in ipairs(members.resources(service)) do
    heading(out, resource_call(service, member))
    out:rows(method_rows(service, member.name), 2)
  end
  heading(out, service.short)
  local rows = method_rows(service)
  out:rows(table.move(common_rows(service), 1, 2, #rows + 1, rows), 2)
  heading(out, "Settings")
  local settings = {}
  for i, setting in ipairs(service.settings) do
    settings[i] = { setting.env or setting.name, setting.text }
  end
  out:rows(settings, 2)
  return out:finish()
end

---@param name string of a module that recipes require
---@param width integer
---@return string
function M.of_module(name, width)
  local out, rows = layout.new(width), {}
  out:line(string.format("local %s = require \"%s\"", name, name))
  out:text(notes.module(name).text, 2)
  out:line()
  for _, note in ipairs(known.public(name)) do
    rows[#rows + 1] = { name .. "." .. note.name, M.first(note.text) }
  end
  out:rows(rows, 2)
  return out:finish()
end

---How a call is written, with the names of its table.
---@param entry help.Entry
---@return string
function M.signature(entry)
  local names = {}
  for _, spec in ipairs(entry.arguments) do
    for _, field in ipairs(spec ~= entry.options and spec.fields() or {}) do
      names[#names + 1] = field.name .. (field.needed and "" or "?")
    end
  end
  return (entry.call:gsub("{ %.%.%. }", function()
    return "{ " .. table.concat(names, ", ") .. " }"
  end))
end

---How a call is written, without what it is a method of: "create({ ... })".
---@param entry help.Entry
---@return string
function M.short(entry)
  return entry.call:match "[%w_]+%(.*$" or entry.call
end

return M
