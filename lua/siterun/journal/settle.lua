-- Finds out at the service whether a write of unknown outcome happened, as its declaration says:
--   settle = {
--     ask = "tickets:get",        the read that shows it; it gets the parameters of the same name
--     query = { {...}, ... },     several reads instead, with these parameters, until one shows it;
--                                 one with an `order` gives the newest first, and is followed back to
--     since = "createdOn",        items that were made before the write
--     match = { id = "session_id" },   of a list: the item whose field is the write's parameter
--     open = { status = 0 },      not done while the item has these fields
--     same = { comment = { "comment" } },   done when one of these fields has the sent value;
--                                 `true`: each field that was sent
--     lacks = { "a.b" },          done only without these fields
--     blind = "...",              what its state does not tell, where no sent value was compared
--     after = "createdDateTime",  of a list: an item that was made since, and is not the one of
--     ids = { "id" },             an equal write: none of these fields is in its recorded answer
--     gone = true,                done when the read finds nothing
--     mark = "description",       of a list: the item that carries the write's mark
--   }
local comparison = require "siterun.journal.comparison"
local declaration = require "siterun.declaration"
local endpoints = require "siterun.endpoint"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local json = require "c.json"
local reference = require "siterun.journal.reference"

local M = {}

-- Seconds by which the service's clock may be behind.
local CLOCK_SLACK = 120

-- Items of one list.
local MOST_SEEN = 5000

---@class siterun.Settlement
---@field state "done"|"not_sent"|"unclear"
---@field text string what was found
---@field item? table the object that shows it

local function finding(state, text, item)
  return { state = state, text = text, item = item }
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

---The values in the path: "/tickets/{ticket_id}" against what was sent.
local function path_values(client, endpoint, url, values)
  local path = url:sub(#client.url + 1):gsub("%?.*$", "")
  local names = {}
  local pattern = endpoint.path:gsub("[%-%.%+%*]", "%%%0"):gsub("{(.-)}", function(name)
    names[#names + 1] = name
    return "([^/]+)"
  end)
  local found = table.pack(path:match("^" .. pattern .. "$"))
  for i, name in ipairs(names) do values[name] = found[i] and unescape(found[i]) end
end

---What the caller gave, out of what was sent.
local function values_of(client, endpoint, entry)
  local values = {}
  path_values(client, endpoint, entry.url, values)
  local root = type(entry.request) == "table" and entry.request or {}
  local below = endpoint.wrap and root[endpoint.wrap] or root
  for _, param in ipairs(endpoint.params) do
    if param.at == "body" and not param.whole then
      values[param.name] = comparison.get(param.beside and root or below, param.to)
    end
  end
  return values
end

local function ask(client, spec, values, query)
  local asked = declaration.variant(client.service.by_name[spec.ask], client.settings)
  local args = { n = 0 }
  for _, param in ipairs(asked.params) do
    if param.positional then
      args.n = args.n + 1
      args[args.n] = values[param.name]
    end
  end
  args.n = args.n + (query and 1 or 0)
  args[args.n] = query or args[args.n]
  return endpoints.call(client, asked, nil, table.unpack(args, 1, args.n))
end

local function items_in(answer)
  if type(answer) ~= "table" then return {} end
  if type(answer.items) == "table" then return answer.items end
  return (answer[1] ~= nil or json.is_array(answer)) and answer or { answer }
end

---How many of the sent values the item has, and how many were compared.
local function count_same(spec, endpoint, values, item)
  local equal, compared = 0, 0
  local same = spec.same
  if same == true then
    same = {}
    for _, param in ipairs(endpoint.params) do
      local is_field = param.at == "body" and not param.beside
      if is_field then same[param.name] = { param.name } end
    end
  end
  for name, places in pairs(same or {}) do
    local sent = comparison.get(values, name)
    if sent ~= nil then
      compared = compared + 1
      for _, place in ipairs(places) do
        if comparison.equal(sent, comparison.get(item, place)) then
          equal = equal + 1
          break
        end
      end
    end
  end
  return equal, compared
end

local function lacks(spec, item)
  for _, place in ipairs(spec.lacks or {}) do
    local value = comparison.get(item, place)
    if value ~= nil and value ~= json.null and value ~= "" then return false end
  end
  return true
end

local function has_fields(item, fields)
  for name, value in pairs(fields) do
    if not comparison.equal(value, item[name]) then return false end
  end
  return true
end

-- ---- the ways of looking ----

local function since(entry)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(entry.at) - CLOCK_SLACK)
end

-- A list that comes newest first, back to the time of the write; its first page in any case, as
-- the service's clock may be wrong.
local function newest(client, spec, query, entry)
  local asked = declaration.variant(client.service.by_name[spec.ask], client.settings)
  local following, earliest = endpoints.each(client, asked, nil, query), since(entry)
  local left = query.limit
  return function()
    local item = following()
    local at = item and comparison.get(item, spec.since)
    local is_old = type(at) == "string" and at:sub(1, 19) < earliest
    left = left - 1
    return (left >= 0 or not is_old) and item or nil
  end
end

local function items_of(client, spec, values, query, entry)
  if query.order then return newest(client, spec, query, entry) end
  local items, i = items_in(ask(client, spec, values, query)), 0
  return function()
    i = i + 1
    return items[i]
  end
end

local function by_mark(client, _, spec, values, entry)
  local mark, seen = reference.find(values[spec.mark]), 0
  if not mark then return nil end
  for _, query in ipairs(spec.query) do
    local filled = {}
    for name, value in pairs(query) do filled[name] = value == "{mark}" and mark or value end
    for item in items_of(client, spec, values, filled, entry) do
      if reference.find(item[spec.mark]) == mark then
        return finding("done", "one with its mark is there", item)
      end
      seen = seen + 1
      if seen > MOST_SEEN then return finding("unclear", "the list has too many") end
    end
  end
  return finding("not_sent", "none with its mark is there")
end

local function by_match(client, endpoint, spec, values)
  for _, item in ipairs(items_in(ask(client, spec, values))) do
    local is_it = true
    for field, name in pairs(spec.match) do
      is_it = is_it and comparison.equal(values[name], item[field])
    end
    if is_it then
      if has_fields(item, spec.open) then
        return finding("not_sent", "it is still open", item)
      end
      local equal, compared = count_same(spec, endpoint, values, item)
      if equal == compared and lacks(spec, item) then
        local blind = compared == 0 and spec.blind
        return finding("done", "it is open no more" .. (blind and "; " .. blind or ""), item)
      end
      return finding("unclear", "it is open no more, but not as this write leaves it", item)
    end
  end
  return finding("unclear", "it is not listed")
end

-- What writes of the same content are known to have made.
local function made_by_others(spec, entry)
  local ids = {}
  for intent in journal.each { kind = "intent", content = entry.content } do
    local body = journal.content(journal.outcome(intent.seq) or {}).body
    local answer = body and json.decode(body)
    local item = type(answer) == "table" and (answer.item or answer) or {}
    for _, name in ipairs(spec.ids) do
      if item[name] then ids[item[name]] = true end
    end
  end
  return ids
end

local function is_among(ids, spec, item)
  for _, name in ipairs(spec.ids) do
    if item[name] and ids[item[name]] then return true end
  end
  return false
end

local function by_list(client, endpoint, spec, values, entry)
  local earliest, others = since(entry), made_by_others(spec, entry)
  for _, item in ipairs(items_in(ask(client, spec, values))) do
    local equal, compared = count_same(spec, endpoint, values, item)
    local at = comparison.get(item, spec.after)
    local is_new = type(at) == "string" and at:sub(1, 19) >= earliest
    if equal == compared and is_new and not is_among(others, spec, item) then
      return finding("done", "it is there, of " .. at, item)
    end
  end
  return finding("not_sent", "it is not there")
end

local function by_fields(client, endpoint, spec, values)
  local item = ask(client, spec, values)
  local equal, compared = count_same(spec, endpoint, values, item)
  if equal == compared then return finding("done", "all that was sent is there", item) end
  if equal == 0 then return finding("not_sent", "nothing that was sent is there", item) end
  return finding("unclear", string.format("%d of %d fields are as sent", equal, compared), item)
end

local function by_absence(client, _, spec, values)
  local ok, e = pcall(ask, client, spec, values)
  if ok then return finding("not_sent", "it is still there") end
  if errors.is(e) and e.kind == "not_found" then return finding("done", "it is gone") end
  error(e, 0)
end

local function way_of(spec)
  return spec.mark and by_mark or spec.match and by_match or spec.after and by_list
    or spec.gone and by_absence or by_fields
end

---@async
---@param client siterun.Client
---@param entry journal.Entry
---@return siterun.Settlement? nil where nothing says how to look
function M.look(client, entry)
  local declared = client.service.by_name[entry.operation]
  local spec = declared and declared.settle
  if not spec then return nil end
  local endpoint = declaration.variant(declared, client.settings)
  local values = values_of(client, endpoint, entry)
  local ok, found = pcall(way_of(spec), client, endpoint, spec, values, entry)
  if ok then return found end
  if errors.is(found) and found.kind == "not_found" then
    return finding("unclear", "what it concerns is not there")
  end
  error(found, 0)
end

return M
