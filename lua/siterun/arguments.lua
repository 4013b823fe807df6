-- Takes the arguments of a call apart: positional ones, the table of the others, the options.
local errors = require "siterun.errors"
local forms = require "siterun.form"
local json = require "c.json"
local nearest = require "siterun.nearest"
local once_key = require "siterun.journal.once_key"
local schema = require "siterun.schema"
local settings = require "siterun.settings"

local M = {}

---@class siterun.Call
---@field form siterun.Form
---@field check siterun.Check its complaints name the call
---@field values table<string, any> checked, by parameter name
---@field query? table[] pairs that the declaration leaves open
---@field options? table
---@field ends_at? number deadline (siterun.deadline)

local function new_check(service, operation, warned)
  return {
    types = service.types,
    operation = operation,
    fail = function(message)
      errors.raise { kind = "usage", service = service.name, operation = operation,
        message = message }
    end,
    warn = function(message)
      if settings.quiet or warned[message] then return end
      warned[message] = true
      io.stderr:write("siterun: warning: ", service.name, " ", operation, ": ", message, "\n")
    end,
  }
end

---What a client's calls are checked with: the contexts for siterun.schema by operation, each made
---when it is first read. Their complaints name the call; a warning comes once.
---@param service siterun.Service
---@return table<string, siterun.Check>
function M.checks(service)
  local warned = {}
  return setmetatable({}, { __index = function(checks, operation)
    checks[operation] = new_check(service, operation, warned)
    return checks[operation]
  end })
end

local function names_of(params)
  local names = {}
  for i, param in ipairs(params) do names[i] = param.name end
  return names
end

local function unknown(call, key)
  if call.form.options[key] then
    call.check.fail(string.format("%q is an option: give it in a last table of its own", key))
  end
  call.check.fail(string.format("unknown parameter %q%s", tostring(key),
    nearest.hint(key, names_of(call.form.named))))
end

---One name of a query that the declaration leaves open, with one value or a list of them.
local function add_open(check, query, name, value)
  if type(name) ~= "string" or name == "" or name:find("[%c\x7F]") then
    check.fail("a query's names must be words")
  end
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    local kind = type(item)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      check.fail(string.format("query %q must be a string, number or boolean", name))
    end
    schema.check(check, { type = kind, at = "query" }, name, item)
    query[#query + 1] = { name, item }
  end
end

local function take_open(endpoint, call, given)
  for _, key in ipairs(nearest.keys(given)) do
    if not call.form.is_named[key] then
      if endpoint.open ~= "query" then unknown(call, key) end
      call.query = call.query or {}
      add_open(call.check, call.query, key, given[key])
    end
  end
end

local function has_strangers(form, given)
  for key in pairs(given) do
    if not form.is_named[key] then return true end
  end
  return false
end

local function take_named(endpoint, call, given)
  local check, form, values = call.check, call.form, call.values
  if type(given) ~= "table" then
    check.fail("the parameters must be a table, not a " .. type(given))
  end
  for i = 1, #form.named do
    local param = form.named[i]
    local name = param.name
    local value = given[name]
    if value ~= nil then values[name] = schema.check(check, param, name, value) end
  end
  if has_strangers(form, given) then take_open(endpoint, call, given) end
  if given[1] ~= nil then unknown(call, 1) end
end

---Raises unless this key may stand for this call.
---@param check siterun.Check
---@param is_write boolean
---@param key any
function M.check_once(check, is_write, key)
  if not is_write then check.fail("option \"once\" is for writes only") end
  local problem = once_key.problem(key)
  if problem then check.fail(problem) end
end

local function take_options(endpoint, call, given)
  local check, form = call.check, call.form
  if type(given) ~= "table" then
    check.fail("the options must be a table, not a " .. type(given))
  end
  call.options = {}
  for key, value in pairs(given) do
    if key == "once" then M.check_once(check, endpoint.write, value) end
    local spec = form.options[key]
    if not spec then
      check.fail(string.format("unknown option %q%s", tostring(key),
        nearest.hint(key, nearest.keys(form.options))))
    end
    local into = form.is_option[key] and call.values or call.options
    into[key] = schema.check(check, spec, key, value)
  end
end

local function missing_option(check, client, param)
  local variables = {}
  for _, setting in ipairs(client.service.settings) do
    if setting.group == param.name or setting.name == param.name then
      variables[#variables + 1] = setting.env or setting.name
    end
  end
  errors.raise { kind = "config", service = client.service.name, operation = check.operation,
    message = string.format("%s is missing: set %s, or give the option %s", param.name,
      table.concat(variables, ", "), param.name) }
end

---What the caller left out: from the client's settings, the default, or an error.
local function fill(client, call)
  local check, values, filled = call.check, call.values, call.form.filled
  local missing = {}
  for i = 1, #filled do
    local param = filled[i]
    local value = values[param.name]
    if value == nil and param.option then value = client.settings[param.name] end
    if value == nil then value = param.default end
    if value == nil and param.required then
      if param.option then missing_option(check, client, param) end
      missing[#missing + 1] = param.name
    end
    values[param.name] = value
  end
  if #missing > 0 then check.fail("missing: " .. table.concat(missing, ", ")) end
end

local function in_order(call)
  for _, param in ipairs(call.form.after) do
    local first, last = call.values[param.after], call.values[param.name]
    if first and last and last <= first then
      call.check.fail(string.format("%s must be after %s", param.name, param.after))
    end
  end
end

local function some_given(call)
  local named = call.form.named
  for _, param in ipairs(named) do
    if call.values[param.name] ~= nil then return end
  end
  call.check.fail("nothing to change: give at least one of "
    .. table.concat(names_of(named), ", "))
end

---With a token the service ignores what only the first page takes.
local function one_way_of_paging(call, paging)
  if call.values[paging.token] == nil then return end
  for _, name in ipairs(paging.first_only) do
    if call.values[name] ~= nil then
      call.check.fail(string.format("%s and %s exclude each other", name, paging.token))
    end
  end
end

---What holds for values together.
local function check_together(endpoint, call)
  in_order(call)
  if endpoint.some then some_given(call) end
  if endpoint.paging then one_way_of_paging(call, endpoint.paging) end
end

---Is this table the options, though parameters could come first? It is where it chooses the
---form.
local function are_options(endpoint, given)
  local suffix = endpoint.suffix
  return suffix and type(given) == "table" and given ~= json.null
    and suffix.values[given[suffix.option]] ~= nil
end

local function take_positional(call, args)
  local check, values = call.check, call.values
  local positional = call.form.positional
  for i = 1, #positional do
    local param = positional[i]
    if args[i] == nil then check.fail("missing: " .. param.name) end
    values[param.name] = schema.check(check, param, param.name, args[i])
  end
end

---What comes after the positional arguments: a table of parameters, then one of options.
local function take_tables(endpoint, call, args, count)
  local form = call.form
  local at = #form.positional + 1
  local takes_table = #form.named > 0 or endpoint.open ~= nil
  if takes_table and not (count == at and are_options(endpoint, args[at])) then
    if args[at] ~= nil then take_named(endpoint, call, args[at]) end
    at = at + 1
  end
  if args[at] ~= nil then take_options(endpoint, call, args[at]) end
  if count > at then call.check.fail("too many arguments") end
end

---@param client table
---@param endpoint siterun.Endpoint
---@param bound any value of the path parameter that the resource was made with
---@param args any[] the caller's arguments
---@param count integer how many they are, nil at the end included
---@return siterun.Call
function M.bind(client, endpoint, bound, args, count)
  local form = endpoint.form or forms.of(endpoint, client.service)
  local call = { form = form, check = client.checks[endpoint.name], values = {} }
  local expected = #form.positional
  if endpoint.bound then call.values[endpoint.bound] = bound end
  if expected > 0 then take_positional(call, args) end
  if count > expected then take_tables(endpoint, call, args, count) end
  if #form.filled > 0 then fill(client, call) end
  if form.has_rules then check_together(endpoint, call) end
  return call
end

return M
