-- Builds what is sent from a checked call: flat arguments go where the document puts them.
local deadline = require "siterun.deadline"
local json = require "c.json"
local pathname = require "siterun.pathname"

local M = {}

---Puts `value` at "a.b" below `root`.
local function put(root, place, value)
  local node = root
  for key, rest in place:gmatch("([^.]+)(%.?)") do
    if rest == "" then
      node[key] = value
    else
      node[key] = node[key] or {}
      node = node[key]
    end
  end
end

---What an endpoint's declaration says of a request, sorted out once.
---@class siterun.request.Form
---@field path (string|table)[] its path: texts, and parameters between them
---@field fixed? string its path, where that has no parameters
---@field query table[] parameters by their place
---@field header table[]
---@field body table[]
---@field defaults table[] headers that the declaration fixes: pairs

---@type table<siterun.Endpoint, siterun.request.Form>
local forms = setmetatable({}, { __mode = "k" })

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

local function add_defaults(headers, list)
  for _, pair in ipairs(list or {}) do M.default_header(headers, pair[1], pair[2]) end
end

local function defaults_of(endpoint, service)
  local headers = {}
  add_defaults(headers, endpoint.headers)
  add_defaults(headers, service.headers)
  return headers
end

local function make_form(endpoint, service)
  local form = { path = parts_of(endpoint), query = {}, header = {}, body = {} }
  form.fixed = not endpoint.path:find("{", 1, true) and endpoint.path or nil
  form.defaults = defaults_of(endpoint, service)
  for _, param in ipairs(endpoint.params) do
    local list = form[param.at]
    if list and param.at ~= "path" then list[#list + 1] = param end
  end
  return form
end

local function form_of(endpoint, service)
  local form = forms[endpoint]
  if not form then
    form = make_form(endpoint, service)
    forms[endpoint] = form
  end
  return form
end

local function fill_path(form, values)
  if form.fixed then return form.fixed end
  local path, query = "", nil
  for i = 1, #form.path do
    local part = form.path[i]
    if type(part) == "string" then
      path = path .. part
    elseif part.type ~= "path" then
      path = path .. pathname.segment(values[part.name])
    else
      local plain, further = pathname.split(values[part.name])
      query = query and table.move(further, 1, #further, #query + 1, query) or further
      path = path .. plain
    end
  end
  return path, query
end

local function path_of(endpoint, form, call)
  local path, query = fill_path(form, call.values)
  local suffix = endpoint.suffix
  if suffix then path = pathname.suffixed(path, suffix, call.options[suffix.option]) end
  return path, query
end

local function add_pairs(params, call, list)
  for i = 1, #params do
    local param = params[i]
    local value = call.values[param.name]
    if value ~= nil then list[#list + 1] = { param.to, pathname.text(value) } end
  end
end

---@param list? table[] pairs of the path's own
local function query_of(form, call, list)
  if #form.query == 0 and not call.query then return list end
  list = list or {}
  add_pairs(form.query, call, list)
  for _, pair in ipairs(call.query or {}) do
    list[#list + 1] = { pair[1], pathname.text(pair[2]) }
  end
  return list
end

---The body as a table or string; nil where the call has none.
local function body_of(endpoint, form, call)
  if #form.body == 0 and not endpoint.wrap then return nil end
  local root, below, empty = {}, {}, endpoint.wrap == nil
  for _, param in ipairs(form.body) do
    local value = call.values[param.name]
    if value ~= nil then
      if param.whole then return value end
      put(param.beside and root or below, param.to, value)
      empty = false
    end
  end
  if empty then return nil end
  if endpoint.wrap then
    root[endpoint.wrap] = below
    return root
  end
  for key, value in pairs(below) do root[key] = value end
  return root
end

---To be read only: most endpoints have the same in each request.
local function headers_of(form, call, content_type)
  if #form.header == 0 and not content_type then return form.defaults end
  local headers = table.move(form.defaults, 1, #form.defaults, 1, {})
  add_pairs(form.header, call, headers)
  if content_type then M.default_header(headers, "Content-Type", content_type) end
  return headers
end

---Writes a body: a table as JSON; a string as it is, XML where it begins with "<".
---@param body any
---@return string text, string content_type
function M.encode(body)
  if type(body) == "string" then
    return body, body:match("^[\xEF\xBB\xBF%s]*<") and "application/xml" or "application/json"
  end
  local text, problem = json.encode(body)
  if not text then error(problem, 0) end
  return text, "application/json"
end

---@param client table
---@param endpoint siterun.Endpoint
---@param call siterun.Call
---@return table request as siterun.wire takes it
function M.build(client, endpoint, call)
  local form, options = form_of(endpoint, client.service), call.options
  local path, query = path_of(endpoint, form, call)
  local body, content_type = body_of(endpoint, form, call), nil
  if body ~= nil then body, content_type = M.encode(body) end
  return {
    account = client.account, operation = endpoint.name, method = endpoint.method,
    write = endpoint.write, path = path, query = query_of(form, call, query),
    headers = headers_of(form, call, content_type), body = body,
    timeout = options.timeout, deadline = deadline.left(call.ends_at),
    priority = options.priority, once = options.once,
  }
end

return M
