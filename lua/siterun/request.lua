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

local function make_form(endpoint)
  local form = { path = parts_of(endpoint), query = {}, header = {}, body = {} }
  form.fixed = not endpoint.path:find("{", 1, true) and endpoint.path or nil
  for _, param in ipairs(endpoint.params) do
    local list = form[param.at]
    if list and param.at ~= "path" then list[#list + 1] = param end
  end
  return form
end

local function form_of(endpoint)
  local form = forms[endpoint]
  if not form then
    form = make_form(endpoint)
    forms[endpoint] = form
  end
  return form
end

local function fill_path(form, values)
  if form.fixed then return form.fixed, {} end
  local path, query = "", {}
  for i = 1, #form.path do
    local part = form.path[i]
    if type(part) == "string" then
      path = path .. part
    elseif part.type ~= "path" then
      path = path .. pathname.segment(values[part.name])
    else
      local plain, further = pathname.split(values[part.name])
      table.move(further, 1, #further, #query + 1, query)
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

local function add_open(given, list)
  for _, pair in ipairs(given) do list[#list + 1] = { pair[1], pathname.text(pair[2]) } end
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
  if not list then return end
  for i = 1, #list do M.default_header(headers, list[i][1], list[i][2]) end
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
  local form = form_of(endpoint)
  local path, query = path_of(endpoint, form, call)
  add_pairs(form.query, call, query)
  if call.query then add_open(call.query, query) end
  local headers, options = {}, call.options
  add_defaults(headers, endpoint.headers)
  add_defaults(headers, client.service.headers)
  add_pairs(form.header, call, headers)
  local request = {
    account = client.account, operation = endpoint.name, method = endpoint.method,
    write = endpoint.write,
    path = path, query = query, headers = headers,
    timeout = options.timeout, deadline = deadline.left(call.ends_at),
    priority = options.priority, once = options.once,
  }
  local body = body_of(endpoint, form, call)
  if body ~= nil then
    local content_type
    request.body, content_type = M.encode(body)
    M.default_header(headers, "Content-Type", content_type)
  end
  return request
end

return M
