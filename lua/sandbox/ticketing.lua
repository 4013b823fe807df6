---The simulated Ticketing service.
local activities = require("sandbox.ticket_activities")
local instance = require("sandbox.instance")
local json = require("c.json")
local list = require("sandbox.ticket_list")
local reply = require("sandbox.reply")
local shapes = require("sandbox.ticket_shapes")
local view = require("sandbox.ticket_view")
local workflow = require("sandbox.workflow")
local world = require("sandbox.world")

local M = { name = "ticketing", prefix = "/ticketing/v1", secret_parameter = "key",
  window = { 100, 60000 } }

---@param status integer
---@param message string
---@param headers? string[][]
---@return sandbox.Reply in the service's own form; what its gateway refuses has a shorter one
function M.refuse(status, message, headers)
  if status == 401 or status == 429 or status >= 500 then
    return reply.json(status, { statusCode = status, message = message }, headers)
  end
  return reply.json(status, { error = true, statusCode = status, message = message }, headers)
end

---@param call sandbox.Call
---@return sandbox.Reply|nil
function M.admit(call)
  local key = call.query.key
  if not key or key == "" then
    return M.refuse(401, "Access denied: the query parameter key is missing.")
  elseif key ~= call.account.key and key ~= call.account.read_key then
    return M.refuse(401, "Access denied: the key is not valid for this instance.")
  elseif key == call.account.read_key and call.method ~= "GET" then
    return M.refuse(403, "The secondary key can only read.")
  end
end

---@param call sandbox.Call
---@param wait_ms integer
---@return sandbox.Reply
function M.limited(call, wait_ms)
  local seconds = math.ceil(wait_ms / 1000)
  return M.refuse(429, ("Rate limit is exceeded. Try again in %d seconds."):format(seconds),
    { { "Retry-After", call.retry_after(seconds) } })
end

local function find_ticket(call)
  local ticket = world.tickets(call.world).by_id[call.params[1]]
  if not ticket then
    return nil, M.refuse(404, "There is no ticket " .. call.params[1] .. ".")
  end
  return ticket
end

---The endpoints but the list take no parameter that is not named here.
local function check_query(call, ...)
  local known = { key = true }
  for _, name in ipairs { ... } do
    known[name] = true
  end
  for name in pairs(call.query) do
    if not known[name] then
      return M.refuse(400, "Unknown query parameter: " .. name)
    end
  end
  local zone = call.query.timezone
  local hours = zone and zone:match("^-?%d+$") and math.tointeger(zone)
  if zone and (not hours or hours < -12 or hours > 14) then
    return M.refuse(400, "Invalid value for query parameter timezone: " .. zone)
  end
end

---Runs `body` with the ticket that the path names and the checked body of the request.
local function on_ticket(shape, body)
  return function(call)
    local refused = check_query(call, "timezone")
    local ticket, missing = find_ticket(call)
    refused = refused or missing
    local complaint = not refused and shape and shape(call.api)(call.json, "")
    if complaint then
      refused = M.refuse(400, complaint)
    end
    return refused or body(call, ticket)
  end
end

local function item(status, ticket)
  return reply.json(status, { item = view.item(ticket, false) })
end

local function token_position(call)
  local token = call.headers.continuationtoken
  if not token then
    return math.tointeger(call.query.offset or "0"), 1
  end
  local page = call.world.pages and call.world.pages[token]
  if not page or page.signature ~= list.signature(call.query) then
    return nil
  end
  return page.position, page.number
end

local function new_token(call, position, number)
  local pages = call.world.pages or {}
  local token = call.world.random:hex(40)
  pages[token] = { position = position, number = number,
    signature = list.signature(call.query) }
  call.world.pages = pages
  return token
end

---The second page is a little short without being the last, as pages may be.
local function page_size(limit, number)
  return number == 2 and limit - limit // 10 or limit
end

local function list_page(call, found, position, number)
  local size = page_size(math.tointeger(call.query.limit or "10"), number)
  local body = { items = list.rows(found, position, size, call.query), itemCount = #found }
  local headers = {}
  if position + size < #found then
    local token = new_token(call, position + size, number + 1)
    if call.options.token_place == "header" then
      headers[1] = { "continuationToken", token }
    else
      body.continuationToken = token
    end
  end
  return reply.json(200, body, headers)
end

local function list_tickets(call)
  local complaint = list.complaint(call.query, call.api)
  if complaint then
    return M.refuse(400, complaint)
  elseif (call.query.select or ""):find("resolvedStatus", 1, true) then
    return M.refuse(500, "Internal server error")
  end
  local position, number = token_position(call)
  if not position then
    return M.refuse(400, "The continuationToken does not belong to this query.")
  end
  return list_page(call, list.find(world.tickets(call.world), call.query, call.api), position,
    number)
end

---Live services answer 200 without a ticket, and make none, when a date with a time comes
---together with custom fields; they also pass over the priority.
local function is_lost(call)
  local ticket = call.json.ticket
  return call.api == "1.1" and ticket.customFields
    and tostring(ticket.expectedDate):find("T") ~= nil
end

local function create_ticket(call)
  local refused = check_query(call, "timezone")
  local complaint = not refused and shapes.create(call.api)(call.json, "")
  if refused or complaint then
    return refused or M.refuse(400, complaint)
  elseif is_lost(call) then
    return reply.json(200, { item = json.null })
  end
  local ticket = { tags = {}, customFields = {}, assignee = { id = "", name = "", email = "" } }
  shapes.apply(ticket, call.json.ticket)
  if call.api == "1.1" or not ticket.priority then
    ticket.priority = "Medium"
  end
  ticket.createdBy = call.json.user
  world.tickets(call.world):create(ticket, call.now)
  activities.add(ticket, "created", call)
  return item(201, ticket)
end

local update_ticket = on_ticket(shapes.update, function(call, ticket)
  local changes = shapes.apply(ticket, call.json.updates or call.json.ticket)
  world.tickets(call.world):touch(ticket, call.now)
  activities.add(ticket, "updated", call, nil, changes)
  return item(200, ticket)
end)

local set_status = on_ticket(shapes.status, function(call, ticket)
  local body = call.json
  local state = workflow.find(ticket.flow, body.status)
  if not state then
    return M.refuse(400, ("This ticket's workflow has no status '%s'."):format(body.status))
  elseif not ticket.state.next[state.id] then
    local text = "A ticket that is '%s' cannot become '%s'."
    return M.refuse(400, text:format(ticket.state.label, state.label))
  end
  local change = { name = "status", oldValue = ticket.state.label, newValue = state.label }
  activities.settle(ticket, state, call)
  world.tickets(call.world):touch(ticket, call.now)
  activities.add(ticket, state.label:lower(), call, body.comment, { change })
  return item(200, ticket)
end)

local add_comment = on_ticket(shapes.comment, function(call, ticket)
  world.tickets(call.world):touch(ticket, call.now)
  return reply.json(201,
    { item = activities.add(ticket, "commented", call, call.json.comment) })
end)

local list_activities = on_ticket(nil, function(_, ticket)
  local history, items = view.activities(ticket), {}
  for i = #history, 1, -1 do
    items[#items + 1] = view.activity(ticket, history[i], i)
  end
  return reply.json(200, { items = json.array(items) })
end)

---@type table<string, fun(call: sandbox.Call): sandbox.Reply>
M.handlers = {
  ["tickets:list"] = list_tickets,
  ["tickets:create"] = create_ticket,
  ["tickets:get"] = on_ticket(nil, function(_, ticket) return item(200, ticket) end),
  ["tickets:update"] = update_ticket,
  ["tickets:set_status"] = set_status,
  ["tickets:activities"] = list_activities,
  ["tickets:comment"] = add_comment,
  ["tickets:attachments"] =
    on_ticket(nil, function() return reply.json(200, { items = json.array {} }) end),
  ["instance:get"] = function(call)
    return check_query(call, "timezone")
      or reply.json(200, { item = instance.item(call.world) })
  end,
  ["tags:list"] = function(call)
    return check_query(call) or reply.json(200, { items = json.array(instance.tag_items()) })
  end,
}

return M
