-- Takes the arguments of a call apart: positional ones, the table of the others, the options.
local errors = require "siterun.errors"
local json = require "c.json"
local nearest = require "siterun.nearest"
local once_key = require "siterun.journal.once_key"
local options = require "siterun.options"
local parameters = require "siterun.parameters"
local schema = require "siterun.schema"
local settings = require "siterun.settings"

local M = {}

---@class siterun.Call
---@field values table<string, any> checked, by parameter name
---@field query? table[] pairs that the declaration leaves open
---@field options table to be read only
---@field ends_at? number deadline (siterun.deadline)

local function new_check(client, operation)
  local service = client.service
  return {
    types = service.types,
    operation = operation,
    fail = function(message)
      errors.raise { kind = "usage", service = service.name, operation = operation,
        message = message }
    end,
    warn = function(message)
      if settings.quiet or client.warned[message] then return end
      client.warned[message] = true
      io.stderr:write("siterun: warning: ", service.name, " ", operation, ": ", message, "\n")
    end,
  }
end

---The context for siterun.schema whose complaints name the call.
---@param client table
---@param operation string
---@return siterun.Check
function M.check(client, operation)
  local check = client.checks[operation]
  if not check then
    check = new_check(client, operation)
    client.checks[operation] = check
  end
  return check
end

local function names_of(params)
  local names = {}
  for i, param in ipairs(params) do names[i] = param.name end
  return names
end

---Names that the options table of this endpoint may hold.
---@param endpoint siterun.Endpoint
---@return string[]
function M.option_names(endpoint)
  local names = names_of(parameters.of(endpoint).option)
  for name in pairs(options) do names[#names + 1] = name end
  if endpoint.suffix then names[#names + 1] = endpoint.suffix.option end
  if endpoint.write then names[#names + 1] = "once" end
  table.sort(names)
  return names
end

local function contains(list, word)
  for _, name in ipairs(list) do
    if name == word then return true end
  end
  return false
end

local function unknown(check, endpoint, key, names)
  if contains(M.option_names(endpoint), key) then
    check.fail(string.format("%q is an option: give it in a last table of its own", key))
  end
  check.fail(string.format("unknown parameter %q%s", tostring(key), nearest.hint(key, names)))
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

local function take_named(check, endpoint, call, named, given)
  if type(given) ~= "table" then
    check.fail("the parameters must be a table, not a " .. type(given))
  end
  local by_name, names = {}, names_of(named)
  for _, param in ipairs(named) do
    by_name[param.name] = param
    if given[param.name] ~= nil then
      call.values[param.name] = schema.check(check, param, param.name, given[param.name])
    end
  end
  for _, key in ipairs(nearest.keys(given)) do
    if not by_name[key] then
      if endpoint.open ~= "query" then unknown(check, endpoint, key, names) end
      call.query = call.query or {}
      add_open(check, call.query, key, given[key])
    end
  end
  if given[1] ~= nil then unknown(check, endpoint, 1, names) end
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

---What may stand in the options: by name its check, and whether it is a parameter.
local function option_specs(endpoint, option)
  local specs, is_parameter = {}, {}
  for name, spec in pairs(options) do specs[name] = spec end
  specs.once = { type = "any" }
  for _, param in ipairs(option) do
    specs[param.name], is_parameter[param.name] = param, true
  end
  local suffix = endpoint.suffix
  if suffix then
    specs[suffix.option] = { type = "enum", values = nearest.keys(suffix.values) }
  end
  return specs, is_parameter
end

local function take_options(check, endpoint, call, option, given)
  call.options = {}
  if type(given) ~= "table" then
    check.fail("the options must be a table, not a " .. type(given))
  end
  local specs, is_parameter = option_specs(endpoint, option)
  for key, value in pairs(given) do
    if key == "once" then M.check_once(check, endpoint.write, value) end
    if not specs[key] then
      check.fail(string.format("unknown option %q%s", tostring(key),
        nearest.hint(key, M.option_names(endpoint))))
    end
    local into = is_parameter[key] and call.values or call.options
    into[key] = schema.check(check, specs[key], key, value)
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
local function fill(check, client, others, call)
  local missing = {}
  for _, param in ipairs(others) do
    local value = call.values[param.name]
    if value == nil and param.option then value = client.settings[param.name] end
    if value == nil then value = param.default end
    if value == nil and param.required then
      if param.option then missing_option(check, client, param) end
      missing[#missing + 1] = param.name
    end
    call.values[param.name] = value
  end
  if #missing > 0 then check.fail("missing: " .. table.concat(missing, ", ")) end
end

local function in_order(check, after, values)
  for _, param in ipairs(after) do
    local first, last = values[param.after], values[param.name]
    if first and last and last <= first then
      check.fail(string.format("%s must be after %s", param.name, param.after))
    end
  end
end

local function some_given(check, named, values)
  for _, param in ipairs(named) do
    if values[param.name] ~= nil then return end
  end
  check.fail("nothing to change: give at least one of " .. table.concat(names_of(named), ", "))
end

---With a token the service ignores what only the first page takes.
local function one_way_of_paging(check, paging, values)
  if values[paging.token] == nil then return end
  for _, name in ipairs(paging.first_only) do
    if values[name] ~= nil then
      check.fail(string.format("%s and %s exclude each other", name, paging.token))
    end
  end
end

---Is this table the options, though parameters could come first? It is where it chooses the
---form.
local function are_options(endpoint, given)
  local suffix = endpoint.suffix
  return suffix and type(given) == "table" and given ~= json.null
    and suffix.values[given[suffix.option]] ~= nil
end

local function take_positional(check, positional, values, args)
  for i = 1, #positional do
    local param = positional[i]
    if args[i] == nil then check.fail("missing: " .. param.name) end
    values[param.name] = schema.check(check, param, param.name, args[i])
  end
end

---What comes after the positional arguments: a table of parameters, then one of options.
local function take_tables(check, endpoint, call, args)
  local found = parameters.of(endpoint)
  local next_arg = #found.positional + 1
  local takes_table = #found.named > 0 or endpoint.open ~= nil
  if takes_table and not (args.n == next_arg and are_options(endpoint, args[next_arg])) then
    if args[next_arg] ~= nil then
      take_named(check, endpoint, call, found.named, args[next_arg])
    end
    next_arg = next_arg + 1
  end
  if args[next_arg] ~= nil then
    take_options(check, endpoint, call, found.option, args[next_arg])
  end
  if args.n > next_arg then check.fail("too many arguments") end
end

---What holds for values together.
local function check_together(check, endpoint, found, values)
  if #found.after > 0 then in_order(check, found.after, values) end
  if endpoint.some then some_given(check, found.named, values) end
  if endpoint.paging then one_way_of_paging(check, endpoint.paging, values) end
end

local NO_OPTIONS = {}

---@param client table
---@param endpoint siterun.Endpoint
---@param bound any value of the path parameter that the resource was made with
---@param args table as of table.pack
---@return siterun.Call
function M.bind(client, endpoint, bound, args)
  local check, found = M.check(client, endpoint.name), parameters.of(endpoint)
  local values = {}
  local call = { values = values, options = NO_OPTIONS }
  if endpoint.bound then values[endpoint.bound] = bound end
  take_positional(check, found.positional, values, args)
  if args.n > #found.positional then take_tables(check, endpoint, call, args) end
  if #found.others > 0 then fill(check, client, found.others, call) end
  check_together(check, endpoint, found, values)
  return call
end

return M
