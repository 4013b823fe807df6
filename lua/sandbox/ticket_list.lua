---GET /tickets: parameters, filters, order and pages.
local calendar = require("sandbox.calendar")
local instance = require("sandbox.instance")
local view = require("sandbox.ticket_view")
local json = require("c.json")

local M = {}

local function set(...)
  local known = {}
  for _, value in ipairs { ... } do
    known[value] = true
  end
  return known
end

local function one_of(known)
  return function(value)
    return known[value]
  end
end

local function integer(low, high)
  return function(value)
    local n = value:match("^-?%d+$") and math.tointeger(value)
    return n and n >= low and n <= high
  end
end

local function any()
  return true
end

local function tag_list(value)
  for pair in value:gmatch("[^,]+") do
    if not instance.tag_ids[pair:sub(1, 36)] or pair:sub(37, 37) ~= "_" then
      return false
    end
  end
  return true
end

local STATUSES = { Open = true, Reopened = true, Started = true, Resolved = true, Closed = true,
  [" Closed"] = true }
local UNRESOLVED = set("Open", "Reopened", "Started", "In Progress")

---What the document allows, and what live services were seen to understand.
local PARAMETERS = {
  key = any, search = any, title = any, select = any, statusId = any,
  timezone = integer(-12, 14),
  status = one_of(STATUSES),
  priority = one_of(set("Low", "Medium", "Important", "Urgent")),
  tags = tag_list,
  orderBy = one_of(set("status", "ticketId", "title", "requestorName", "requestorEmail",
    "assigneeName",
    "assigneeEmail", "expectedDate", "priority", "createdDateTime", "lastInteraction")),
  order = one_of(set("ASC", "DESC")),
  offset = integer(0, math.maxinteger),
  limit = integer(1, 1000),
  isResolved = one_of(set("true", "false")),
  createdAfter = any, createdBefore = any, expectedDateAfter = any, expectedDateBefore = any,
  lastUpdateAfter = any, lastUpdateBefore = any,
  include = one_of(set("description_HTML")),
}

---@param query table<string, string>
---@param api "1.0"|"1.1"
---@return string|nil what is wrong
function M.complaint(query, api)
  for name, value in pairs(query) do
    local check = PARAMETERS[name]
    local live = api == "1.1" and name == "status"
    if not check then
      return "Unknown query parameter: " .. name
    elseif not live and not check(value) then
      return ("Invalid value for query parameter %s: %s"):format(name, value)
    end
  end
end

local function words_of(text)
  local words = {}
  for word in text:lower():gmatch("%S+") do
    words[#words + 1] = word
  end
  return words
end

local function has_words(ticket, words)
  local text = ("%s %s %s %s %d"):format(
    ticket.title, ticket.description or "", ticket.requestor.name, ticket.assignee.name,
      ticket.number
  ):lower()
  for _, word in ipairs(words) do
    if not text:find(word, 1, true) then
      return false
    end
  end
  return true
end

local function has_tag(ticket, wanted)
  for _, tag in ipairs(ticket.tags) do
    if wanted[tag[1] .. "_" .. tag[2]] then
      return true
    end
  end
  return false
end

---Each takes the parameter's value and returns the test of a ticket.
local FILTERS = {
  search = function(value)
    local words = words_of(value)
    return function(ticket) return has_words(ticket, words) end
  end,
  title = function(value)
    value = value:lower()
    return function(ticket) return ticket.title:lower():find(value, 1, true) ~= nil end
  end,
  status = function(value, api)
    if api == "1.1" then
      local resolved = not UNRESOLVED[value]
      return function(ticket) return ticket.state.resolved == resolved end
    end
    value = value:match("^%s*(.*)")
    return function(ticket) return ticket.state.label == value end
  end,
  statusId = function(value)
    return function(ticket) return ticket.state.id == value end
  end,
  isResolved = function(value)
    return function(ticket) return ticket.state.resolved == (value == "true") end
  end,
  priority = function(value)
    return function(ticket) return ticket.priority == value end
  end,
  tags = function(value)
    local wanted = {}
    for pair in value:gmatch("[^,]+") do
      wanted[pair] = true
    end
    return function(ticket) return has_tag(ticket, wanted) end
  end,
}

---Only plain days count, a time part makes the service pass over the filter; and the boundary
---moves with the time zone the wrong way, as live services do.
local function add_date_filter(name, field, is_after)
  FILTERS[name] = function(value, _, zone)
    local day = calendar.parse_day(value)
    local boundary = day and day + zone * calendar.HOUR
    return function(ticket)
      local at = ticket[field]
      return not boundary or (at ~= nil and (at == boundary or (at > boundary) == is_after))
    end
  end
end
add_date_filter("createdAfter", "created", true)
add_date_filter("createdBefore", "created", false)
add_date_filter("expectedDateAfter", "expected", true)
add_date_filter("expectedDateBefore", "expected", false)
add_date_filter("lastUpdateAfter", "lastUpdated", true)
add_date_filter("lastUpdateBefore", "lastUpdated", false)

local PRIORITY_ORDER = { Low = 1, Medium = 2, Important = 3, Urgent = 4 }

local ORDERS = {
  status = function(ticket) return ticket.state.label end,
  ticketId = function(ticket) return ticket.number end,
  title = function(ticket) return ticket.title:lower() end,
  requestorName = function(ticket) return ticket.requestor.name:lower() end,
  requestorEmail = function(ticket) return ticket.requestor.email:lower() end,
  assigneeName = function(ticket) return ticket.assignee.name:lower() end,
  assigneeEmail = function(ticket) return ticket.assignee.email:lower() end,
  expectedDate = function(ticket) return ticket.expected or 0 end,
  priority = function(ticket) return PRIORITY_ORDER[ticket.priority] or 0 end,
  createdDateTime = function(ticket) return ticket.created end,
  lastInteraction = function(ticket) return ticket.lastUpdated end,
}

local function sort(found, by, ascending)
  local keys = {}
  for _, ticket in ipairs(found) do
    keys[ticket] = ORDERS[by](ticket)
  end
  table.sort(found, function(a, b)
    local x, y = keys[a], keys[b]
    if x == y then
      x, y = a.number, b.number
    end
    if ascending then
      return x < y
    end
    return y < x
  end)
end

local function filter(tickets, query, api)
  local tests, found = {}, {}
  local zone = math.tointeger(query.timezone or "0")
  for name, make in pairs(FILTERS) do
    if query[name] and query[name] ~= "" then
      tests[#tests + 1] = make(query[name], api, zone)
    end
  end
  for i = #tickets.list, 1, -1 do
    local ticket, keep = tickets.list[i], true
    for _, test in ipairs(tests) do
      keep = keep and test(ticket)
    end
    found[#found + 1] = keep and ticket or nil
  end
  return found
end

---The parameters that have to stay the same from page to page, as one string.
---@param query table<string, string>
---@return string
function M.signature(query)
  local parts = {}
  for name, value in pairs(query) do
    if name ~= "key" and name ~= "offset" then
      parts[#parts + 1] = ("%s=%s"):format(name, value)
    end
  end
  table.sort(parts)
  return table.concat(parts, "&")
end

---All tickets that the query asks for, in its order. The last answer is kept until a ticket
---changes.
---@param tickets sandbox.Tickets
---@param query table<string, string>
---@param api "1.0"|"1.1"
---@return table[]
function M.find(tickets, query, api)
  local wanted = M.signature(query)
  local kept = tickets.found
  if not kept or kept.version ~= tickets.version or kept.wanted ~= wanted then
    kept = { version = tickets.version, wanted = wanted, list = filter(tickets, query, api) }
    if query.orderBy then
      sort(kept.list, query.orderBy, query.order == "ASC")
    elseif query.order == "ASC" then
      sort(kept.list, "createdDateTime", true)
    end
    tickets.found = kept
  end
  return kept.list
end

---@param found table[]
---@param first integer position, from 0
---@param count integer
---@param query table<string, string>
---@return table[] rows
function M.rows(found, first, count, query)
  local names
  if query.select and query.select ~= "" then
    names = {}
    for name in query.select:gmatch("[^,%s]+") do
      names[#names + 1] = name
    end
  end
  local rows = {}
  for i = first + 1, math.min(first + count, #found) do
    rows[#rows + 1] = view.row(found[i], names, query.include ~= nil)
  end
  return json.array(rows)
end

return M
