-- Builds what is sent from a checked call: flat arguments go where the document puts them.
local deadline = require "siterun.deadline"
local forms = require "siterun.form"
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

---@return string text, table[]? query pairs that a whole path brings with it
local function text_of(part, call)
  if type(part) == "string" then return part end
  local value = call.values[part.name]
  if part.type == "path" then return pathname.split(value) end
  local text, problem = pathname.segment(value)
  return text or call.check.fail(problem)
end

local function joined(list, further)
  return list and table.move(further, 1, #further, #list + 1, list) or further
end

---@return string path, table[]? query
local function fill_path(call)
  local parts, query = call.form.parts, nil
  local path = parts[1]
  for i = 2, #parts do
    local text, further = text_of(parts[i], call)
    path, query = path .. text, further and joined(query, further) or query
  end
  return path, query
end

local function path_of(endpoint, call)
  local path, query = fill_path(call)
  local suffix = endpoint.suffix
  if suffix then
    path = pathname.suffixed(path, suffix, call.options and call.options[suffix.option])
  end
  return path, query
end

local function add_pairs(list, params, values)
  for i = 1, #params do
    local param = params[i]
    local value = values[param.name]
    if value ~= nil then list[#list + 1] = { param.to, pathname.text(value) } end
  end
end

---@param list table[] pairs of the path's own
local function query_of(call, list)
  add_pairs(list, call.form.query, call.values)
  for _, pair in ipairs(call.query or {}) do
    list[#list + 1] = { pair[1], pathname.text(pair[2]) }
  end
  return list
end

---The body as a table or string; nil where the call has none.
local function body_of(endpoint, call)
  local root, below, empty = {}, {}, endpoint.wrap == nil
  for _, param in ipairs(call.form.body) do
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

---A body's text and type: a table as JSON; a string as it is, XML where it begins with "<".
local function encode(check, body)
  if type(body) == "string" then
    return body, body:match("^[\xEF\xBB\xBF%s]*<") and "application/xml" or "application/json"
  end
  local text, problem = json.encode(body)
  return text or check.fail(problem), "application/json"
end

-- Those of the form are not this request's alone.
local function own_headers(request)
  local shared = request.headers or {}
  request.headers = table.move(shared, 1, #shared, 1, {})
  return request.headers
end

local function add_body(request, endpoint, call)
  local body = body_of(endpoint, call)
  if body == nil then return end
  local text, kind = encode(call.check, body)
  request.body = text
  forms.default_header(own_headers(request), "Content-Type", kind)
end

---What the declaration has beside method and path.
local function add_parts(request, endpoint, call)
  local form = call.form
  request.headers = form.headers
  if endpoint.write then request.write, request.operation = true, endpoint.name end
  if #form.query > 0 or call.query or request.query then
    request.query = query_of(call, request.query or {})
  end
  if #form.header > 0 then add_pairs(own_headers(request), form.header, call.values) end
  if form.has_body then add_body(request, endpoint, call) end
end

local function add_options(request, call)
  local options = call.options
  request.timeout, request.priority = options.timeout, options.priority
  request.once = options.once
  if call.ends_at then request.deadline = deadline.left(call.ends_at) end
end

---@param client table
---@param endpoint siterun.Endpoint
---@param call siterun.Call
---@return table request as siterun.wire takes it
function M.build(client, endpoint, call)
  local form = call.form
  local request = { account = client.account, method = endpoint.method, path = form.path }
  if not form.path then request.path, request.query = path_of(endpoint, call) end
  if form.has_parts then add_parts(request, endpoint, call) end
  if call.options then add_options(request, call) end
  return request
end

return M
