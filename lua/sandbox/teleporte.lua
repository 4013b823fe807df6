---The simulated Teleporte service.
local calendar = require("sandbox.calendar")
local check = require("sandbox.check")
local json = require("c.json")
local reply = require("sandbox.reply")
local sessions = require("sandbox.sessions")
local visits = require("sandbox.visits")

local M = { name = "teleporte", prefix = "/teleporte/v3" }

local ERRORS = {
  [400] = "invalid_request", [401] = "invalid_token", [403] = "access_denied",
  [404] = "not_found",
  [409] = "conflict", [415] = "unsupported_media_type", [422] = "unprocessable_entity",
  [429] = "too_many_requests",
}

---@param status integer
---@param message string
---@param headers? string[][]
---@return sandbox.Reply in the service's own form
function M.refuse(status, message, headers)
  return reply.json(status,
    { error = ERRORS[status] or "server_error", error_description = message }, headers)
end

---@param call sandbox.Call
---@return sandbox.Reply|nil
function M.admit(call)
  local kind = call.headers["content-type"]
  if not kind or not kind:lower():find("^application/json") then
    return M.refuse(415, "Content-Type must be application/json.")
  elseif call.path == "/sessions" then
    return nil
  end
  local status, message = sessions.complaint(call)
  return status and M.refuse(status, message)
end

---@param call sandbox.Call
---@param wait_ms integer
---@return sandbox.Reply
function M.limited(call, wait_ms)
  local seconds = math.ceil(wait_ms / 1000)
  return M.refuse(429, "Too many requests.", { { "Retry-After", call.retry_after(seconds) } })
end

local function data(status, value)
  return reply.json(status, { data = value })
end

local function absent(what, id)
  return M.refuse(404, ("There is no %s %s."):format(what, id))
end

local credentials = check.object { username = check.filled, password = check.filled }

local function open_session(call)
  local complaint = credentials(call.json, "")
  if complaint then
    return M.refuse(400, complaint)
  end
  local body = sessions.open(call)
  return body and reply.json(201, body)
    or M.refuse(401, "The username or the password is wrong.")
end

local function find_session(call)
  for _, session in ipairs(call.world.work_sessions) do
    if session.id == call.params[1] then
      return session
    end
  end
end

local approval = check.object {
  options = check.omittable(check.object {
    ticket_number = check.omittable(check.text),
    tasks = check.omittable(check.list(check.filled)),
  }),
}

---Runs `settle` with the pending session that the path names.
local function on_pending(settle)
  return function(call)
    local session = find_session(call)
    if not session then
      return absent("work session", call.params[1])
    elseif session.status ~= visits.PENDING then
      return M.refuse(422, "The work session is not pending.")
    end
    return settle(call, session)
  end
end

local approve = on_pending(function(call, session)
  local complaint = call.body ~= "" and approval(call.json, "")
  if complaint then
    return M.refuse(400, complaint)
  end
  local options = call.json and call.json.options or {}
  session.status = visits.APPROVED
  session.options = {
    flow = session.options.flow, tasks = session.options.tasks,
    ticket_number = options.ticket_number,
    chosen_tasks = options.tasks,
  }
  return data(200, session)
end)

local decline = on_pending(function(call, session)
  if call.body ~= "" and (type(call.json) ~= "table" or next(call.json) ~= nil) then
    return M.refuse(400, "Declining takes no body.")
  end
  session.status = visits.DECLINED
  return reply.empty(204)
end)

local key_shape = check.object {
  key = check.object {
    lock_ids = check.list(check.integer, 1),
    membership_ids = check.list(check.filled, 1),
    start_date = check.parsed(calendar.parse_naive, "written as YYYY-MM-DD HH:MM:SS"),
    end_date = check.parsed(calendar.parse_naive, "written as YYYY-MM-DD HH:MM:SS"),
    ticket_number = check.omittable(check.text),
    options = check.omittable(check.object {
      tasks = check.omittable(check.list(check.filled)),
    }),
  },
}

local function key_complaint(call, key)
  if calendar.parse_naive(key.end_date) <= calendar.parse_naive(key.start_date) then
    return "end_date must be after start_date."
  end
  for _, id in ipairs(key.lock_ids) do
    if not call.world.locks[id] then
      return ("There is no lock %d."):format(id)
    end
  end
  for _, id in ipairs(key.membership_ids) do
    if not call.world.users[id] then
      return "There is no membership " .. id .. "."
    end
  end
end

local function issue(call, key, lock_id, membership_id)
  local issued = {
    id = call.world.next_key, lock_id = lock_id, membership_id = membership_id,
    start_date = key.start_date, end_date = key.end_date,
    ticket_number = key.ticket_number or json.null,
    options = { tasks = json.array(key.options and key.options.tasks or {}) },
  }
  call.world.next_key = call.world.next_key + 1
  call.world.keys[tostring(issued.id)] = issued
  return issued
end

local function assign_keys(call)
  local complaint = key_shape(call.json, "")
  if complaint then
    return M.refuse(400, complaint)
  end
  local key, list = call.json.key, {}
  complaint = key_complaint(call, key)
  if complaint then
    return M.refuse(422, complaint)
  end
  for _, lock_id in ipairs(key.lock_ids) do
    for _, membership_id in ipairs(key.membership_ids) do
      list[#list + 1] = issue(call, key, lock_id, membership_id)
    end
  end
  return data(201, list)
end

local function revoke_key(call)
  if not call.world.keys[call.params[1]] then
    return absent("key", call.params[1])
  end
  call.world.keys[call.params[1]] = nil
  return reply.empty(204)
end

local function list_sites(call)
  local order = call.query.order or "asc"
  if order ~= "asc" and order ~= "desc" then
    return M.refuse(400, "order must be asc or desc.")
  end
  local list = {}
  for i, site in ipairs(call.world.sites) do
    local place = order == "asc" and i or #call.world.sites - i + 1
    list[place] = { id = site.id, name = site.name, latitude = site.latitude,
      longitude = site.longitude }
  end
  return data(200, list)
end

local function list_locks(call)
  local site = call.world.sites[(math.tointeger(call.params[1]) or 0) - 4100]
  return site and data(200, json.array(site.locks)) or absent("site", call.params[1])
end

local function lock_status(call)
  local lock = call.world.locks[math.tointeger(call.params[1])]
  if not lock then
    return absent("lock", call.params[1])
  end
  return data(200, {
    id = lock.id, open_status = lock.id % 5 == 0 and 1 or 0, battery_level = 40 + lock.id % 60,
    last_reported_at = calendar.iso(call.world.now - lock.id % 3600 * calendar.SECOND),
  })
end

local new_user = check.object {
  user = check.object {
    first_name = check.filled, last_name = check.filled, email = check.filled,
    user_group = check.omittable(check.one_of { "user", "administrator" }),
    language = check.omittable(check.text), device_restricted = check.omittable(check.boolean),
  },
}

local function create_user(call)
  local complaint = new_user(call.json, "")
  if complaint then
    return M.refuse(400, complaint)
  end
  local user = call.json.user
  for _, other in pairs(call.world.users) do
    if other.email == user.email then
      return M.refuse(422, "email is already taken.")
    end
  end
  user.membership_id = call.world.random:uuid():sub(1, 18)
  user.id = call.world.random:uuid()
  user.name = user.first_name .. " " .. user.last_name
  call.world.users[user.membership_id] = user
  return data(201, user)
end

local function on_user(body)
  return function(call)
    local user = call.world.users[call.params[1]]
    return user and body(call, user) or absent("user", call.params[1])
  end
end

---@type table<string, fun(call: sandbox.Call): sandbox.Reply>
M.handlers = {
  ["sessions:create"] = open_session,
  ["work_sessions:list"] = function(call) return data(200, call.world.work_sessions) end,
  ["work_sessions:approve"] = approve,
  ["work_sessions:decline"] = decline,
  ["keys:assign"] = assign_keys,
  ["keys:revoke"] = revoke_key,
  ["sites:list"] = list_sites,
  ["sites:locks"] = list_locks,
  ["locks:status"] = lock_status,
  ["users:create"] = create_user,
  ["users:get"] = on_user(function(_, user) return data(200, user) end),
  ["users:delete"] = on_user(function(call, user)
    call.world.users[user.membership_id] = nil
    return reply.empty(204)
  end),
}

return M
