-- Unwraps what an answer holds: the object, list or page that the caller asked for.
local call = require "siterun.call"
local json = require "c.json"

local M = {}

local ENVELOPES = { "data", "items", "item" }

local null = json.null

local function is_null(value)
  return value == nil or value == null
end

-- Asked last, as json.is_array looks at every key: without a first item, only an empty table is one.
local function is_list(value)
  return type(value) == "table"
    and (#value > 0 or next(value) == nil and json.is_array(value))
end

local function trim(spec, item)
  for _, field in ipairs(spec.trim) do
    if type(item) == "table" and type(item[field]) == "string" then
      item[field] = item[field]:match("^%s*(.-)%s*$")
    end
  end
  return item
end

local function trim_all(spec, list)
  if not spec.trim then return list end
  for _, item in ipairs(list) do trim(spec, item) end
  return list
end

local function is_empty(value)
  return value == nil or value == null or type(value) == "table" and next(value) == nil
end

---The only member of an object, where that is a list.
local function sole_list(value)
  local key, member = next(value)
  if key ~= nil and next(value, key) == nil and is_list(member) then return member end
end

---The list in an answer, bare or in an envelope; nil where there is none.
local function list_in(spec, value)
  if is_list(value) then return value end
  if type(value) ~= "table" then return nil end
  for _, names in ipairs { ENVELOPES, spec.names or {} } do
    for _, name in ipairs(names) do
      local member = value[name]
      if is_list(member) then return member end
      if member == null then return json.array {} end
      if spec.single and type(member) == "table" then return json.array { member } end
    end
  end
  if spec.sole then return sole_list(value) end
  if spec.single and value.id ~= nil then return json.array { value } end
end

local takers = {}

function takers.any(_, _, _, value)
  if value == null then return nil end
  return value
end

---@return any list, string? problem
function takers.list(client, endpoint, response, value)
  local spec = endpoint.result
  local list = list_in(spec, value)
  if not list and is_null(value) then list = json.array {} end
  if not list and is_empty(value) and (spec.sole or endpoint.write) then
    list = json.array {}
  end
  if not list then call.unreadable(client, endpoint, response, "the answer holds no list") end
  return trim_all(spec, list)
end

function takers.page(client, endpoint, response, value)
  local items = takers.list(client, endpoint, response, value)
  local page = {}
  if type(value) == "table" and not is_list(value) then
    for key, field in pairs(value) do page[key] = field end
  end
  local token = endpoint.paging.token
  local next_token = page[token]
  if is_null(next_token) then next_token = response.headers[token:lower()] end
  if next_token == "" then next_token = nil end
  page.data, page.items, page[token] = nil, items, next_token
  return page
end

local function bare(value)
  return #value == 0 and next(value) ~= nil and value or nil
end

local function opened(value, member)
  if member == null then return nil end
  if type(member) ~= "table" then return bare(value) end
  local object = is_list(member) and member[1] or member
  return not is_empty(object) and object or nil
end

---The object in an answer, bare or in an envelope; nil where it is empty or there is none.
local function object_in(value)
  if type(value) ~= "table" then return nil end
  local item, data = value.item, value.data
  if item == nil and data == nil then return bare(value) end
  return opened(value, (type(item) == "table" or item == null) and item or data)
end

local function unconfirmed(client, endpoint, response)
  call.fail(client, endpoint, {
    kind = "unknown_outcome", status = response.status, sent = "yes",
    attempts = response.attempts, url = response.url,
    message = "unconfirmed: the service accepted the request but did not return what it made",
  })
end

function takers.object(client, endpoint, response, value)
  local object, spec = object_in(value), endpoint.result
  if object ~= nil then return spec.trim and trim(spec, object) or object end
  if spec.confirm then unconfirmed(client, endpoint, response) end
  if spec.optional then return nil end
  call.unreadable(client, endpoint, response, "the answer holds nothing")
end

---@param client table
---@param endpoint siterun.Endpoint
---@param response table
---@param value any the decoded body
---@return any
function M.unwrap(client, endpoint, response, value)
  return takers[endpoint.result.kind](client, endpoint, response, value)
end

---@param client table
---@param endpoint siterun.Endpoint
---@param response table
---@return any
function M.take(client, endpoint, response)
  local value = call.decode(client, endpoint, response)
  return takers[endpoint.result.kind](client, endpoint, response, value)
end

return M
