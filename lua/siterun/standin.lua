-- Answers writes of a dry run: prints what would be sent, returns what later calls can go on
-- with.
local json = require "c.json"
local pathname = require "siterun.pathname"
local secret = require "c.secret"

local M = {}

local PREFIX = "dry-run-"

local count = 0

---Is this a stand-in's id, or another of its values?
---@param value any
---@return boolean
function M.is_id(value)
  return type(value) == "string" and value:sub(1, #PREFIX) == PREFIX
end

---Prints a write on stderr: method, URL, body; secrets hidden.
---@param client table
---@param request table
function M.print(client, request)
  local text = string.format("dry-run: %s %s %s", request.method,
    pathname.url(client.url, request.path, request.query), request.body or "")
  io.stderr:write((secret.redact(text):gsub("[%c\x7F]", " "):gsub(" $", "")), "\n")
end

---The id among the values of a call's path, if it has one.
local function path_id(endpoint, values)
  for _, param in ipairs(endpoint.params) do
    if param.at == "path" and param.type == "id" then return values[param.name] end
  end
end

local function fill(object, endpoint, values)
  for _, param in ipairs(endpoint.params) do
    local value = values[param.name]
    if param.at == "body" and not param.beside and value ~= nil then
      if param.whole and type(value) == "table" then
        for key, field in pairs(value) do object[key] = field end
      else
        object[param.name] = value
      end
    end
  end
end

---A new object, with what the service itself gives to it.
local function new_object(client, endpoint)
  count = count + 1
  local id = PREFIX .. count
  local object = { id = id }
  for _, name in ipairs(endpoint.result.made or {}) do object[name] = id .. "." .. name end
  client.standins[id] = object
  return object
end

---The object that a write concerns: the one of the path, or a new one where it is a POST.
local function object_of(client, endpoint, values)
  local id = endpoint.method ~= "POST" and path_id(endpoint, values) or nil
  if id == nil then return new_object(client, endpoint) end
  client.standins[id] = client.standins[id] or { id = id }
  return client.standins[id]
end

---How many objects a call makes: one for each combination of these lists' elements.
local function how_many(endpoint, values)
  local product = 1
  for _, name in ipairs(endpoint.result.each or {}) do product = product * #values[name] end
  return product
end

local function write(client, endpoint, values)
  if endpoint.method == "DELETE" then return nil end
  local list = json.array {}
  for i = 1, how_many(endpoint, values) do
    list[i] = object_of(client, endpoint, values)
    fill(list[i], endpoint, values)
  end
  return endpoint.result.kind == "list" and list or list[1]
end

---What a dry run answers instead of the service; nothing when the call is to go out.
---@param client table
---@param endpoint siterun.Endpoint
---@param values table
---@param request table
---@return boolean answered, any result
function M.answer(client, endpoint, values, request)
  if endpoint.write then
    M.print(client, request)
    return true, write(client, endpoint, values)
  end
  local id = path_id(endpoint, values)
  if not M.is_id(id) then return false end
  return true, endpoint.result.kind == "list" and json.array {} or client.standins[id]
end

return M
