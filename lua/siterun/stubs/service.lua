---The stub of a service: what editors show of its clients, from the declaration.
local entry = require("help.entry")
local members = require("help.members")
local nearest = require("siterun.nearest")
local forms = require("siterun.form")
local new_text = require("siterun.stubs.text").new
local spec = require("help.spec")

local M = {}

local PLAIN = {
  string = "string", email = "string", stamp = "string", moment = "string", date = "string",
  token = "string", path = "string", integer = "integer", number = "number",
  boolean = "boolean", id = "string|integer", titled = "table<string, any>",
  body = "table|string", any = "any", object = "table", url = "string", limit = "string",
  duration = "string", proxy = "string", secret = "string|Secret",
}

---@param service siterun.Service
---@param param siterun.Param
---@return string
local function type_of(service, param)
  local named = service.types[param.type]
  if named and named.fields then
    return service.name .. "." .. param.type
  elseif param.type == "enum" or param.known then
    local values = spec.alternatives(param.values or param.known, "|")
    return param.known and values .. "|string" or values
  elseif param.type == "list" then
    local list = type_of(service, { type = param.of }) .. "[]"
    return param.join and list .. "|string" or list
  end
  return PLAIN[named and named.type or param.type]
end

local function add_fields(out, service, params)
  for _, param in ipairs(params) do
    local is_optional = not param.required or param.option
    out:field("field", param.name, is_optional, type_of(service, param), param.text or "")
  end
end

local function add_types(out, service)
  for _, name in ipairs(nearest.keys(service.types)) do
    local declared = service.types[name]
    if declared.fields then
      out:line("---@class %s.%s %s", service.name, name, declared.text)
      add_fields(out, service, declared.fields)
      out:line()
    end
  end
end

local function class_of(service, endpoint, what)
  local parts = { service.name, endpoint.resource or "client", endpoint.method_name }
  return table.concat(parts, ".") .. what
end

---The classes of the tables that a method takes.
local function add_tables(out, service, endpoint)
  local given = forms.of(endpoint, service)
  local named, option = given.named, given.option
  if #named > 0 then
    out:line("---@class %s", class_of(service, endpoint, ".Parameters"))
    add_fields(out, service, named)
    out:line()
  end
  out:line("---@class %s: siterun.Options", class_of(service, endpoint, ".Options"))
  add_fields(out, service, option)
  local suffix = endpoint.suffix
  if suffix then
    local values = spec.alternatives(nearest.keys(suffix.values), "|")
    out:field("field", suffix.option, true, values, "form of the answer")
  end
  if endpoint.write then
    out:field("field", entry.ONCE.name, true, entry.ONCE.type, entry.ONCE.text)
  end
  out:line()
end

local RESULTS = { list = "table[]", object = "table", any = "any" }

local function result_of(endpoint, way)
  if way == "each" then
    return "fun(): table?"
  elseif way == "all" then
    return "table[]"
  elseif endpoint.result.kind == "page" then
    return ("{items: table[], %s?: string}"):format(endpoint.paging.token)
  end
  return RESULTS[endpoint.result.kind]
end

---The table of a method's parameters: its name, its class, and whether it may be left out.
local function table_of(service, endpoint, named)
  if #named == 0 then
    return endpoint.open and "query", "table<string, any>", true
  end
  local is_needed = endpoint.some or false
  for _, param in ipairs(named) do
    is_needed = is_needed or param.required or false
  end
  return "parameters", class_of(service, endpoint, ".Parameters"), not is_needed
end

---@return string[] names of the method's arguments
local function add_arguments(out, service, endpoint)
  local given = forms.of(endpoint, service)
  local positional, named = given.positional, given.named
  local names = {}
  for _, param in ipairs(positional) do
    out:field("param", param.name, false, type_of(service, param), param.text)
    names[#names + 1] = param.name
  end
  local name, class, is_optional = table_of(service, endpoint, named)
  if name then
    out:field("param", name, is_optional, class, "")
    names[#names + 1] = name
  end
  out:field("param", "options", true, class_of(service, endpoint, ".Options"), "")
  names[#names + 1] = "options"
  return names
end

local function add_method(out, holder, member)
  local service, endpoint = member.origin.service, member.origin.endpoint
  local told = entry.of_endpoint(member.origin)
  out:comment(told.text)
  out:comment(("\n`%s` (%s)\n```lua\n%s\n```"):format(told.request, told.source, told.example))
  out:line("---@async")
  local names = add_arguments(out, service, endpoint)
  out:line("---@return %s", result_of(endpoint, member.origin.way))
  out:line("function %s:%s(%s) end", holder, member.name, table.concat(names, ", "))
  out:line()
end

local function add_methods(out, holder, service, resource)
  local seen = {}
  for _, member in ipairs(members.methods(service, resource)) do
    if not seen[member.origin.endpoint] then
      seen[member.origin.endpoint] = true
      add_tables(out, service, member.origin.endpoint)
    end
    add_method(out, holder, member)
  end
end

local function add_resources(out, service)
  for _, member in ipairs(members.resources(service)) do
    out:line("---@class %s.%s", service.name, member.name)
    out:line("local %s = {}", member.name)
    out:line()
    add_methods(out, member.name, service, member.name)
  end
end

local function add_client(out, service)
  out:line("---@class %s.Client: siterun.Client", service.name)
  local bound = {}
  for _, member in ipairs(members.resources(service)) do
    if member.origin.bound then
      bound[#bound + 1] = member.name
    else
      out:field("field", member.name, false, service.name .. "." .. member.name, "")
    end
  end
  out:line("local Client = {}")
  out:line()
  for _, name in ipairs(bound) do
    out:line("---The calls on one resource.")
    out:line("---@param name string of the resource, as in its address")
    out:line("---@return %s.%s", service.name, name)
    out:line("function Client:%s(name) end", name)
    out:line()
  end
  add_methods(out, "Client", service)
end

local function add_connect(out, service)
  local groups = {}
  out:line("---@class %s.Settings", service.name)
  for _, setting in ipairs(service.settings) do
    out:field("field", setting.name, true, type_of(service, setting), setting.text)
    if setting.group then
      groups[setting.group] = groups[setting.group] or {}
      table.insert(groups[setting.group], setting.field .. ": " .. PLAIN[setting.type])
    end
  end
  for _, name in ipairs(nearest.keys(groups)) do
    out:field("field", name, true, "{" .. table.concat(groups[name], ", ") .. "}", "")
  end
  out:line()
  out:comment(entry.connect_note().text)
  out:line("---@param options? %s.Settings", service.name)
  out:line("---@return %s.Client", service.name)
  out:line("function %s.connect(options) end", service.name)
  out:line()
end

---@param service siterun.Service
---@return string Lua
function M.make(service)
  local out = new_text()
  out:line("---@meta %s", service.name)
  out:line()
  out:comment(("%s: %s\n%s"):format(service.title, service.text, service.source))
  out:line("local %s = {}", service.name)
  out:line()
  add_types(out, service)
  add_resources(out, service)
  add_client(out, service)
  add_connect(out, service)
  out:line("---@type siterun.Service")
  out:line("%s.declaration = {}", service.name)
  out:line()
  out:line("return %s", service.name)
  return out:finish()
end

return M
