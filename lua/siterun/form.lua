-- The form of an endpoint's calls, sorted out once from its declaration: how the caller gives each
-- parameter, what is to be done with it, and where it goes in the request.
local nearest = require "siterun.nearest"
local options = require "siterun.options"

local M = {}

---@class siterun.Form
---@field positional siterun.Param[]
---@field named siterun.Param[]
---@field option siterun.Param[]
---@field is_named table<string, true> names of `named`
---@field is_option table<string, true> names of `option`
---@field options table<string, table> what the options table may hold: the values by name
---@field filled siterun.Param[] those that the caller may leave out, and the request can't
---@field after siterun.Param[] those that must come after another
---@field titled siterun.Param[] those of siterun.lookup
---@field has_rules boolean must values fit each other?
---@field parts (string|siterun.Param)[] of the path: a text, and parameters between texts
---@field path? string where it is the same in each call
---@field query siterun.Param[] by their place in the request
---@field header siterun.Param[]
---@field body siterun.Param[]
---@field has_body boolean may there be one?
---@field headers? table[] pairs that every request has; to be read only
---@field has_parts boolean may a request have more than method and path?

local function parts_of(endpoint)
  local parts = {}
  for text, name in (endpoint.path .. "{}"):gmatch("(.-){(.-)}") do
    if text ~= "" then parts[#parts + 1] = text end
    parts[#parts + 1] = endpoint.by_name[name]
  end
  return parts
end

---Sets a header unless the list has it.
---@param headers table[] pairs
---@param name string
---@param value string
function M.default_header(headers, name, value)
  for _, pair in ipairs(headers) do
    if pair[1]:lower() == name:lower() then return end
  end
  headers[#headers + 1] = { name, value }
end

local function headers_of(endpoint, service)
  local headers = {}
  for _, list in ipairs { endpoint.headers or {}, service.headers } do
    for _, pair in ipairs(list) do M.default_header(headers, pair[1], pair[2]) end
  end
  return #headers > 0 and headers or nil
end

local function options_of(endpoint, params)
  local specs, suffix = {}, endpoint.suffix
  for name, spec in pairs(options) do specs[name] = spec end
  if endpoint.write then specs.once = { type = "any" } end
  for _, param in ipairs(params) do specs[param.name] = param end
  if suffix then
    specs[suffix.option] = { type = "enum", values = nearest.keys(suffix.values) }
  end
  return specs
end

local function path_of(endpoint, parts)
  local is_fixed = not endpoint.suffix and #parts == 1 and type(parts[1]) == "string"
  return is_fixed and parts[1] or nil
end

local function new_form(endpoint, service)
  local parts = parts_of(endpoint)
  return {
    positional = {}, named = {}, option = {}, filled = {}, after = {}, titled = {},
    parts = parts, path = path_of(endpoint, parts),
    query = {}, header = {}, body = {}, headers = headers_of(endpoint, service),
  }
end

local function is_titled(param, service)
  local named = service.types[param.type]
  return named ~= nil and named.type == "titled"
end

local function is_filled(param)
  return param.option or param.required or param.default ~= nil
end

local function add(form, endpoint, param, service)
  local given = param.option and form.option or param.positional and form.positional
    or form.named
  if param.name ~= endpoint.bound then table.insert(given, param) end
  if given ~= form.positional and is_filled(param) then table.insert(form.filled, param) end
  if param.after then table.insert(form.after, param) end
  if is_titled(param, service) then table.insert(form.titled, param) end
  if param.at ~= "path" then table.insert(form[param.at], param) end
end

local function set_of(params)
  local set = {}
  for _, param in ipairs(params) do set[param.name] = true end
  return set
end

local function sort_out(endpoint, service)
  local form = new_form(endpoint, service)
  for _, param in ipairs(endpoint.params) do add(form, endpoint, param, service) end
  form.is_named, form.is_option = set_of(form.named), set_of(form.option)
  form.options = options_of(endpoint, form.option)
  form.has_rules = #form.after > 0 or endpoint.some or endpoint.paging ~= nil
  form.has_body = #form.body > 0 or endpoint.wrap ~= nil
  form.has_parts = endpoint.write or endpoint.open ~= nil or form.headers ~= nil
    or form.has_body or #form.query > 0 or #form.header > 0
  return form
end

---@class siterun.Endpoint
---@field form? siterun.Form made from the other fields when it is first needed

---@param endpoint siterun.Endpoint
---@param service siterun.Service that it belongs to
---@return siterun.Form
function M.of(endpoint, service)
  endpoint.form = endpoint.form or sort_out(endpoint, service)
  return endpoint.form
end

return M
