---Routes of a service, taken from its declaration: the endpoint's name says which handler
---answers.
local declaration = require("siterun.declaration")
local query = require("sandbox.query")

local M = {}

---@class sandbox.Route
---@field name string "tickets:list"
---@field method string
---@field parts string[] segments of the path; "{x}" stands for any one, a lone "{path}" for all
---@field literals integer how many segments are fixed
---@field handler function

local function split(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    parts[#parts + 1] = part
  end
  return parts
end

local function route(endpoint, handler)
  local parts, literals = split(endpoint.path), 0
  for _, part in ipairs(parts) do
    literals = literals + (part:find("^{") and 0 or 1)
  end
  return {
    name = endpoint.name, method = endpoint.method, parts = parts, literals = literals,
    handler = handler,
  }
end

---@param service siterun.Service
---@param handlers table<string, function> by the endpoint's name
---@param settings table which variants of the endpoints are served
---@return sandbox.Route[] the most specific first
function M.build(service, handlers, settings)
  local routes = {}
  for _, endpoint in ipairs(service.endpoints) do
    local handler = handlers[endpoint.name]
    if handler then
      routes[#routes + 1] = route(declaration.variant(endpoint, settings), handler)
    end
  end
  table.sort(routes, function(a, b)
    return a.literals > b.literals
  end)
  return routes
end

local function fits(wanted, parts)
  local values = {}
  if #wanted == 1 and wanted[1] == "{path}" then
    return values
  elseif #wanted ~= #parts then
    return nil
  end
  for i, part in ipairs(wanted) do
    if part:find("^{") then
      values[#values + 1] = query.decode(parts[i])
    elseif part ~= parts[i] then
      return nil
    end
  end
  return values
end

---@param routes sandbox.Route[]
---@param method string
---@param path string
---@return sandbox.Route|nil
---@return string[]|boolean the path's parameters; without a route: has another method one?
function M.match(routes, method, path)
  local parts, other = split(path), false
  for _, candidate in ipairs(routes) do
    local values = fits(candidate.parts, parts)
    if values and candidate.method == method then
      return candidate, values
    end
    other = other or values ~= nil
  end
  return nil, other
end

return M
