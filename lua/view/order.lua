-- Which fields come first: what a thing is, its state, its dates; then the rest.
local services = require "siterun.services"

local M = {}

local FIRST = {
  id = 1, uuid = 1, number = 1.5, ticketNo = 1.5,
  name = 2, title = 2, subject = 2, summary = 2, text = 2.5,
  status = 3, state = 3, outcome = 3, result = 3.5, priority = 3.5,
}

local DATED = { date = true, time = true, created = true, updated = true }

---Does the name say that it is a date? created_at, createdOn, start_date, expectedDate.
local function is_dated(name)
  local last = name:match("[_%-]?(%l+)$")
  return name:find("[_%l]At$") or name:find("_at$") or name:find("%lOn$") or name:find("_on$")
    or name:find("Date$") or name:find("Time$") or DATED[last]
end

local function rank_of(name)
  if FIRST[name] then return FIRST[name] end
  if is_dated(name) then return 4 end
  return (name:find("_id$") or name:find("%lId$") or name:find("uuid$")) and 6 or 5
end

local ranks = {}

-- Names come from services: past this many the memory of them starts anew.
local NAMES_MAX = 2000
local count = 0

---How early a field comes; the lower the earlier.
---@param name any
---@return number
function M.rank(name)
  if type(name) ~= "string" then return 5 end
  local rank = ranks[name]
  if rank then return rank end
  count = count + 1
  if count > NAMES_MAX then ranks, count = {}, 1 end
  rank = rank_of(name)
  ranks[name] = rank
  return rank
end

-- Service -> parameter -> place, of those that are loaded: nobody else's objects are shown.
local declared = {}

local function places_of(service)
  local places, found = {}, 0
  for _, endpoint in ipairs(service.endpoints) do
    for _, param in ipairs(endpoint.params) do
      if param.at == "body" and not places[param.name] then
        found = found + 1
        places[param.name] = found
      end
    end
  end
  return places
end

local function place_in(name)
  local face = package.loaded[name]
  local service = type(face) == "table" and rawget(face, "declaration")
  if service and not declared[name] then declared[name] = places_of(service) end
  return declared[name]
end

---Where the name stands among what a service's writes take; behind all where it does not.
local function place_of(key)
  for i, name in ipairs(services.NAMES) do
    local places = place_in(name)
    if places and places[key] then return i * 1000 + places[key] end
  end
  return math.huge
end

local function is_lower(a, b)
  if math.type(a) and math.type(b) then return a < b end
  return tostring(a) < tostring(b)
end

---The order of columns for programs: the same whatever is loaded.
---@param a any
---@param b any
---@return boolean
function M.for_programs(a, b)
  local rank_a, rank_b = M.rank(a), M.rank(b)
  if rank_a ~= rank_b then return rank_a < rank_b end
  return is_lower(a, b)
end

---The order for people: behind what comes first, as a declaration has them, then by name.
---@param a any
---@param b any
---@return boolean
function M.for_people(a, b)
  local rank_a, rank_b = M.rank(a), M.rank(b)
  if rank_a ~= rank_b then return rank_a < rank_b end
  if rank_a >= 5 then
    local place_a, place_b = place_of(a), place_of(b)
    if place_a ~= place_b then return place_a < place_b end
  end
  return is_lower(a, b)
end

---The keys of an object in the order in which they are shown.
---@param object table
---@return any[]
function M.keys(object)
  local keys = {}
  for key in next, object do keys[#keys + 1] = key end
  if keys[2] ~= nil then table.sort(keys, M.for_people) end
  return keys
end

---Every key that some of the objects have, each once, unsorted.
---@param objects table[]
---@return any[]
function M.all_keys(objects)
  local keys, seen = {}, {}
  for i = 1, #objects do
    for key in next, objects[i] do
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  return keys
end

return M
