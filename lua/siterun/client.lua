-- A connected service: its resources and methods, made from the declaration.
local account = require "siterun.account"
local arguments = require "siterun.arguments"
local config = require "siterun.config"
local declaration = require "siterun.declaration"
local endpoint = require "siterun.endpoint"
local errors = require "siterun.errors"
local flight = require "siterun.flight"
local nearest = require "siterun.nearest"
local origin = require "siterun.origin"
local passthrough = require "siterun.passthrough"
local schema = require "siterun.schema"

local M = {}

---@class siterun.Client
---@field service siterun.Service
---@field settings table
---@field account userdata
---@field url string
local Client = {}
M.Client = Client

---What was connected anew in vain has no account.
local function refuse(client)
  local refusal = rawget(client, "refusal")
  if refusal then error(refusal, 0) end
end

---The documented methods of `holder` answer; any other name raises with the nearest one.
local function strict(holder, what, inherited)
  return setmetatable(holder, {
    __index = function(self, key)
      if key == "account" then refuse(self) end
      local found = inherited and inherited[key]
      if found ~= nil or type(key) ~= "string" or key:sub(1, 2) == "__" then return found end
      local names = nearest.keys(holder)
      for name in pairs(inherited or {}) do names[#names + 1] = name end
      errors.raise { kind = "usage",
        message = string.format("%s has no %q%s", what, key, nearest.hint(key, names)) }
    end,
    __name = "siterun." .. what,
  })
end

---@param client siterun.Client
---@param declared siterun.Endpoint
---@param way "call"|"each"|"all" of siterun.endpoint
---@param holder table that the caller must pass with a colon
---@param of any what the resource is bound to
local function method(client, declared, way, holder, of)
  local run = endpoint[way]
  local function call(self, ...)
    if self ~= holder then
      errors.raise { kind = "usage", service = client.service.name, operation = declared.name,
        message = string.format("call it with a colon: %s(...)", declared.name) }
    end
    return run(client, declared, of, ...)
  end
  return origin.note(call, { service = client.service, endpoint = declared, way = way })
end

local function add_methods(client, holder, declared, of)
  local name = declared.method_name
  holder[name] = method(client, declared, "call", holder, of)
  if name == "list" then
    holder.each = method(client, declared, "each", holder, of)
    holder.all = method(client, declared, "all", holder, of)
  end
end

---A holder of methods.
local function new_resource(service, name)
  local holder = strict({}, service.name .. "." .. name)
  return origin.note(holder, { service = service, resource = name })
end

---A resource that is bound to a value first: tw:resource("clientcompanies").
local function binder(client, declared_list, name)
  local param = declared_list[1].by_name[declared_list[1].bound]
  local function bind(_, value)
    local check = client.checks[name]
    if value == nil then check.fail("missing: " .. param.name) end
    local holder = new_resource(client.service, name)
    local bound = schema.check(check, param, param.name, value)
    for _, declared in ipairs(declared_list) do add_methods(client, holder, declared, bound) end
    return holder
  end
  return origin.note(bind, { service = client.service, resource = name, bound = true })
end

local function add_endpoints(client)
  local bound = {}
  for _, entry in ipairs(client.service.endpoints) do
    local declared = declaration.variant(entry, client.settings)
    local resource = declared.resource
    if declared.bound then
      bound[resource] = bound[resource] or {}
      table.insert(bound[resource], declared)
    elseif not declared.automatic then
      local holder = client
      if resource then
        holder = rawget(client, resource) or new_resource(client.service, resource)
        client[resource] = holder
      end
      add_methods(client, holder, declared)
    end
  end
  for name, list in pairs(bound) do client[name] = binder(client, list, name) end
end

---Makes any call of the service, with its authentication, limit and retries: GET and HEAD are
---reads, and tried up to 5 times; anything else is a write, and repeated only when the service
---certainly did nothing (no connection, or its documented refusal).
---@async
---@param request siterun.AnyRequest
---@param options? siterun.AnyRequest more fields of the request
---@return table response status, headers, body, json
function Client:request(request, options)
  return passthrough.request(self, request, options)
end

---The state of the account's limit, over all processes: how many requests are used of it (in flight,
---or less than a window after their answer), how long one that comes now waits, how many wait, and
---for how long the service asked all to pause.
---@return table limits limit, window (seconds), used, free, wait (seconds), waiting, paused
---(seconds); without limit, window and free where the account has no limit
function Client:limits()
  return self.account:limits()
end

---@private
---What the service says of itself, asked once by a client however many tasks wait for it.
---@async
---@param operation string "instance:get"
---@return table
function Client:known(operation)
  return flight.once(self.cache, operation, function()
    return endpoint.call(self, self.service.by_name[operation])
  end)
end

local function check_group(service, name, given)
  local fields, names = {}, {}
  for _, setting in ipairs(service.settings) do
    if setting.group == name then
      fields[setting.field], names[#names + 1] = true, setting.field
    end
  end
  if type(given) ~= "table" then
    errors.raise { kind = "config", service = service.name,
      message = name .. " must be a table" }
  end
  for key in pairs(given) do
    if not fields[key] then
      errors.raise { kind = "config", service = service.name,
        message = string.format("%s: unknown field %q%s", name, tostring(key),
          nearest.hint(key, names)) }
    end
  end
end

---Settings given as one table, such as user = { id =, name =, email = }, become single ones.
local function spread_groups(service, options)
  if type(options) ~= "table" then return options end -- refused with the other mistakes
  local out = {}
  for key, value in pairs(options) do out[key] = value end
  for _, setting in ipairs(service.settings) do
    local group = setting.group and options[setting.group]
    if group then
      check_group(service, setting.group, group)
      out[setting.name], out[setting.group] = group[setting.field], nil
    end
  end
  return out
end

local function gather_groups(service, settings)
  for _, setting in ipairs(service.settings) do
    local value = settings[setting.name]
    if setting.group and value ~= nil then
      settings[setting.group] = settings[setting.group] or {}
      settings[setting.group][setting.field] = value
    end
  end
  return settings
end

---@param service siterun.Service
---@param options? table
---@return siterun.Client
function M.connect(service, options)
  local overrides = spread_groups(service, options or {})
  local settings = gather_groups(service,
    config.service(service.name, service.settings, overrides))
  local opened = account.open(service, settings)
  local client = strict({
    service = service, settings = settings, account = opened.handle, url = opened.url,
    cache = {}, standins = {}, checks = arguments.checks(service),
  }, service.name, Client)
  add_endpoints(client)
  return origin.note(client, { service = service, client = true, options = options })
end

-- What a client has of its account, and keeps for it.
local STATE = { "settings", "account", "url", "cache", "standins", "checks" }

---Connects a client anew, with what is configured by then; whoever holds it goes on with the other
---account. Where that fails, each of its calls fails so from then on.
---@param client siterun.Client
---@return any? refusal why it failed
function M.reconnect(client)
  local from = origin.of(client)
  local ok, fresh = pcall(M.connect, from.service, from.options)
  if not ok then
    client.account, client.url, client.refusal = nil, nil, fresh
    return fresh
  end
  for _, name in ipairs(STATE) do client[name] = fresh[name] end
  client.refusal = nil
  add_endpoints(client)
end

return M
