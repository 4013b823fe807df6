-- What a service's declaration may hold: checks it and fills in what follows from it.
local errors = require "siterun.errors"
local nearest = require "siterun.nearest"

local M = {}

---@class siterun.Param
---@field name string as the caller writes it
---@field type string a plain type of siterun.schema, or a named one of the service
---@field at string path, query, header or body
---@field to string place in the body, below `wrap`: "options.tasks"; the name unless told
---@field text string
---@field example any
---@field required? boolean
---@field default? any sent when the caller gives nothing
---@field positional? boolean an argument of its own, before the table of the others
---@field option? boolean comes from the options table or the settings, not from the parameters
---@field beside? boolean goes beside `wrap`, not below it
---@field whole? boolean is the body
---@field values? any[] what an enum allows
---@field known? string[] documented values of an open set; others are sent with a warning
---@field of? string type of a list's elements
---@field join? string makes a list one value, joined by this
---@field fields? siterun.Param[] of an object
---@field min? number
---@field max? number
---@field after? string name of the stamp that this one must follow
---@field public? boolean not in the vendor's document, but in use by others

---@class siterun.Endpoint
---@field name string "tickets:create"; without a colon it is a method of the client itself
---@field resource? string "tickets"
---@field method_name string "create"
---@field method string HTTP method
---@field path string "/tickets/{ticket_id}"
---@field write boolean anything but a GET
---@field params siterun.Param[]
---@field open? string "query": names that are not declared go into the query
---@field wrap? string key of the body that holds the parameters
---@field some? boolean at least one parameter must be given
---@field bound? string name of the path parameter that client:NAME(value) fills
---@field paging? table token (parameter and field), first_only, id, size, each_size, total
---@field result table kind, names, trim, optional, confirm, single, sole, made, each
---@field variants? table setting -> value -> fields that differ then
---@field headers? table[] pairs
---@field suffix? table option, default, values: what the path ends in
---@field hints? table kind -> what to do, before the service's own
---@field look? string how to find out whether a write happened
---@field settle? table how siterun finds that out itself (siterun.journal.settle)
---@field reference? table field, setting: where a created object carries its mark
---@field automatic? boolean sent by siterun itself; no method
---@field text string
---@field example string
---@field section? string where the vendor's document defines it
---@field public? boolean not in the vendor's document, but in use by others

---@class siterun.Service
---@field name string
---@field title string
---@field text string
---@field source string
---@field short string name of a client's variable in examples
---@field settings table[]
---@field account table url, limit, auth; refuses_by_503: with Retry-After it is a refusal, not done
---@field headers table[]
---@field hints table
---@field types table
---@field shared table<string, siterun.Param>
---@field suffix? table
---@field probe? table a cheap read: endpoint, arguments
---@field endpoints siterun.Endpoint[]

local function words(text)
  local set = {}
  for word in text:gmatch("%S+") do set[word] = true end
  return set
end

---Field -> type of its value; a trailing "!" marks what can't be left out.
---@param by_type table<string, string>
---@return table<string, string>
local function fields(by_type)
  local spec = {}
  for kind, names in pairs(by_type) do
    for name in names:gmatch("%S+") do spec[name] = kind end
  end
  return spec
end

local ACCOUNT = fields { ["table!"] = "url", table = "limit auth", boolean = "refuses_by_503" }

local TYPES = words [[string integer number boolean enum id email stamp moment date token
  list object titled path body any]]

local SERVICE = fields {
  ["string!"] = "name title text source short",
  ["table!"] = "settings account endpoints",
  table = "headers hints types shared suffix probe",
}

local ENDPOINT = fields {
  ["string!"] = "name method path text example",
  ["table!"] = "params result",
  string = "section look open wrap bound",
  boolean = "some public automatic",
  table = "paging variants headers suffix hints settle reference",
}

local PARAM = fields {
  ["string!"] = "name type text",
  ["any!"] = "example",
  any = "default",
  string = "at to of join after lookup options",
  boolean = "required positional option beside whole public trim open",
  table = "values known fields lists ids titles option_ids option_titles",
  number = "min max",
}

local RESULT = fields {
  ["string!"] = "kind",
  table = "names trim made each",
  boolean = "optional confirm single sole",
}

local METHODS = words "GET POST PUT DELETE PATCH HEAD"
local PLACES, KINDS = words "path query header body", words "any object list page"

-- Names that every client has.
local TAKEN = words [[
  request limits known service settings account url cache standins checks refusal]]

local function fail(where, form, ...)
  errors.raise { kind = "usage", message = where .. ": " .. string.format(form, ...) }
end

local function check_known(where, t, spec)
  for key in pairs(t) do
    if not spec[key] then
      fail(where, "unknown field %q%s", tostring(key), nearest.hint(key, nearest.keys(spec)))
    end
  end
end

---Raises unless the fields of `t` are those of `spec`, with values of the right type.
---@param where string
---@param t any
---@param spec table<string, string>
local function check_fields(where, t, spec)
  if type(t) ~= "table" then fail(where, "must be a table, not a %s", type(t)) end
  check_known(where, t, spec)
  for key, want in pairs(spec) do
    local kind, needed = want:match("^(%a+)(!?)$")
    if t[key] == nil then
      if needed == "!" then fail(where, "field %q is missing", key) end
    elseif kind ~= "any" and type(t[key]) ~= kind then
      fail(where, "field %q must be a %s, not a %s", key, kind, type(t[key]))
    end
  end
end

local function copy(t)
  local out = {}
  for key, value in pairs(t) do out[key] = value end
  return out
end

---A parameter as it stands in an endpoint's list: a shared one, a shared one with changes, or
---one of its own.
---@return siterun.Param
local function expand(where, entry, shared)
  if type(entry) == "string" then entry = { entry } end
  if type(entry) ~= "table" then fail(where, "a parameter must be a name or a table") end
  if entry[1] == nil then return copy(entry) end
  local base = shared[entry[1]]
  if not base then
    fail(where, "no shared parameter %q%s", tostring(entry[1]),
      nearest.hint(entry[1], nearest.keys(shared)))
  end
  local param = copy(base)
  param.name = param.name or entry[1]
  for key, value in pairs(entry) do
    if key ~= 1 then param[key] = value end
  end
  return param
end

local function default_place(endpoint, param)
  if endpoint.path:find("{" .. param.name .. "}", 1, true) then return "path" end
  return endpoint.method == "GET" and "query" or "body"
end

local function check_type(where, param, types)
  local kind = param.type
  if not TYPES[kind] and not types[kind] then
    fail(where, "unknown type %q%s", kind, nearest.hint(kind, nearest.keys(TYPES)))
  end
  if param.of and not TYPES[param.of] and not types[param.of] then
    fail(where, "unknown type %q", param.of)
  end
  if kind == "list" and not param.of then fail(where, "a list must say what it is of") end
  if kind == "enum" and not param.values then fail(where, "an enum must list its values") end
end

local function read_param(where, entry, endpoint, service)
  local param = expand(where, entry, service.shared)
  where = string.format("%s, parameter %q", where, tostring(param.name))
  check_fields(where, param, PARAM)
  check_type(where, param, service.types)
  param.at = param.at or default_place(endpoint, param)
  if not PLACES[param.at] then fail(where, "can't be sent at %q", param.at) end
  if param.at == "path" then param.required, param.positional = true, true end
  param.to = param.to or param.name
  return param
end

local function check_path(where, endpoint)
  if endpoint.path:sub(1, 1) ~= "/" then fail(where, "the path must begin with /") end
  for name in endpoint.path:gmatch("{(.-)}") do
    local param = endpoint.by_name[name]
    if not param or param.at ~= "path" then
      fail(where, "the path names %q, which is no parameter", name)
    end
  end
end

local function read_params(where, endpoint, service)
  local params, by_name = {}, {}
  for i, entry in ipairs(endpoint.params) do
    local param = read_param(where, entry, endpoint, service)
    if by_name[param.name] then fail(where, "parameter %q is declared twice", param.name) end
    params[i], by_name[param.name] = param, param
  end
  endpoint.params, endpoint.by_name = params, by_name
  if endpoint.bound then by_name[endpoint.bound].positional = false end
  check_path(where, endpoint)
end

---@param service siterun.Service
---@param data table
---@return siterun.Endpoint
local function read_endpoint(service, data)
  local where = string.format("service %q, endpoint %q", service.name,
    tostring(type(data) == "table" and data.name))
  check_fields(where, data, ENDPOINT)
  check_fields(where .. ", result", data.result, RESULT)
  if not METHODS[data.method] then fail(where, "unknown HTTP method %q", data.method) end
  if not KINDS[data.result.kind] then
    fail(where, "unknown kind of result %q", data.result.kind)
  end
  local endpoint = copy(data)
  endpoint.resource, endpoint.method_name = data.name:match("^([%a_][%w_]*):([%a_][%w_]*)$")
  endpoint.method_name = endpoint.method_name or data.name:match("^[%a_][%w_]*$")
  if not endpoint.method_name then fail(where, 'a name is "resource:method" or "method"') end
  local holder = endpoint.resource or endpoint.method_name
  if TAKEN[holder] then fail(where, "the name %q is taken", holder) end
  endpoint.write = data.method ~= "GET" and data.method ~= "HEAD"
  endpoint.suffix = data.suffix or service.suffix
  read_params(where, endpoint, service)
  return endpoint
end

---Merges the fields that a setting changes (`variants`) into a copy of the endpoint.
---@param endpoint siterun.Endpoint
---@param settings table
---@return siterun.Endpoint
function M.variant(endpoint, settings)
  local out = endpoint
  for setting, values in pairs(endpoint.variants or {}) do
    local changes = values[settings[setting]]
    if changes then
      out = copy(out)
      out.form = nil
      for key, value in pairs(changes) do out[key] = value end
    end
  end
  return out
end

---Checks a declaration and fills in what follows from it.
---@param data table
---@return siterun.Service
function M.read(data)
  check_fields("service", data, SERVICE)
  check_fields(string.format("service %q, account", data.name), data.account, ACCOUNT)
  local service = copy(data)
  for _, key in ipairs { "headers", "hints", "types", "shared" } do
    service[key] = service[key] or {}
  end
  service.endpoints, service.by_name = {}, {}
  for i, entry in ipairs(data.endpoints) do
    local endpoint = read_endpoint(service, entry)
    if service.by_name[endpoint.name] then
      fail("service", "endpoint %q is declared twice", endpoint.name)
    end
    service.endpoints[i], service.by_name[endpoint.name] = endpoint, endpoint
  end
  return service
end

return M
