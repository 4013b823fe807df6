-- What a service's clients and their resources have, from its declaration.
local M = {}

---What every client has besides its declaration: methods of siterun.client's Client.
M.COMMON = { "limits", "request" }

---@class help.Member
---@field name string
---@field origin siterun.Origin

local function add_ways(list, service, endpoint)
  local ways = { [endpoint.method_name] = "call" }
  if endpoint.method_name == "list" then ways.each, ways.all = "each", "all" end
  for name, way in pairs(ways) do
    list[#list + 1] = { name = name,
      origin = { service = service, endpoint = endpoint, way = way } }
  end
end

local function sorted(list)
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

---The methods of a resource; without one those of the client itself.
---@param service siterun.Service
---@param resource? string
---@return help.Member[]
function M.methods(service, resource)
  local list = {}
  for _, endpoint in ipairs(service.endpoints) do
    if endpoint.resource == resource and not endpoint.automatic then
      add_ways(list, service, endpoint)
    end
  end
  return sorted(list)
end

---@param service siterun.Service
---@return help.Member[]
function M.resources(service)
  local list, seen = {}, {}
  for _, endpoint in ipairs(service.endpoints) do
    local name = endpoint.resource
    if name and not endpoint.automatic and not seen[name] then
      seen[name] = true
      list[#list + 1] = { name = name,
        origin = { service = service, resource = name, bound = endpoint.bound ~= nil } }
    end
  end
  return sorted(list)
end

---Everything of what `origin` describes: of a client its resources and methods, of a resource its
---methods.
---@param origin siterun.Origin
---@return help.Member[]
function M.of(origin)
  if origin.resource then return M.methods(origin.service, origin.resource) end
  if not origin.client then return {} end
  local list = M.resources(origin.service)
  table.move(M.methods(origin.service), 1, 100, #list + 1, list)
  for _, name in ipairs(M.COMMON) do
    list[#list + 1] = { name = name, origin = { service = origin.service, common = name } }
  end
  return sorted(list)
end

---@param origin siterun.Origin
---@param name string
---@return siterun.Origin?
function M.find(origin, name)
  for _, member in ipairs(M.of(origin)) do
    if member.name == name then return member.origin end
  end
end

return M
