---Who is at which site, and who will be: the work sessions of Teleporte, and the cases that the
---newest tickets are about. A pending session either has an open ticket of its technician for
---its site, or none at all, or it began days ago.
local calendar = require("sandbox.calendar")
local words = require("sandbox.words")

local M = {}

---`status` of a work session. The vendor publishes only 0.
M.PENDING, M.APPROVED, M.DECLINED, M.FINISHED = 0, 1, 2, 3

---So many technicians at the end of the list have no open ticket but the ones made here.
M.RESERVED = 5

local MINUTE = 60 * calendar.SECOND
local WITH_TICKET, WITHOUT_TICKET, STALE, PLANNED = 14, 5, 5, 12

local function site_reference(site)
  return { id = site.id, name = site.name }
end

local function user_of(technician)
  return {
    name = technician.name, email = technician.email, username = technician.username,
    membership_id = technician.membership_id,
  }
end

local function options_of(status, ticket)
  if status == M.PENDING then
    return { flow = "confirmation_required", tasks = words.tasks }
  end
  return {
    flow = "confirmation_required", tasks = words.tasks, ticket_number = tostring(ticket),
    chosen_tasks = { words.tasks[1] },
  }
end

local function add_session(world, r, case)
  world.work_sessions[#world.work_sessions + 1] = {
    id = r:uuid(),
    lock = r:pick(case.site.locks),
    site = site_reference(case.site),
    user = user_of(case.technician),
    membership_id = case.technician.membership_id,
    wstl = 480,
    wstl_as_time = "08:00",
    status = case.status or M.PENDING,
    options = options_of(case.status or M.PENDING, 1000 + r:int(1, 500)),
    comments = "",
    duration = "",
    time_exceeded = false,
    locksmith_uuid = r:uuid(),
    close_confirmed = false,
    started_at_time = calendar.iso(case.at),
    started_at_location = { latitude = case.site.latitude, longitude = case.site.longitude },
  }
end

local function add_case(world, r, kind, site, technician, at)
  local case = { kind = kind, site = site, technician = technician, at = at }
  world.cases[#world.cases + 1] = case
  return case, r
end

---Distinct sites, so that one case never explains another.
local function site_at(world, index)
  return world.sites[(index * 7) % #world.sites + 1]
end

local function add_explained(world, r, open_technicians)
  for i = 1, WITH_TICKET do
    local technician = world.technicians[(i - 1) % open_technicians + 1]
    local at = world.now - r:int(10, 300) * MINUTE
    add_session(world, r, add_case(world, r, "visit", site_at(world, i), technician, at))
  end
end

---Their technicians have a closed ticket for the site, and an open one for another: neither
---will do.
local function add_unexplained(world, r, open_technicians)
  for i = 1, WITHOUT_TICKET do
    local technician = world.technicians[open_technicians + i]
    local site, other = site_at(world, WITH_TICKET + i), site_at(world, i)
    local at = world.now - r:int(10, 300) * MINUTE
    add_session(world, r, add_case(world, r, "closed", site, technician, at))
    add_case(world, r, "visit", other, technician, at)
  end
end

local function add_stale(world, r)
  for i = 1, STALE do
    local at = world.now - r:int(2, 9) * calendar.DAY - r:int(60, 1200) * MINUTE
    local case = { site = r:pick(world.sites), technician = world.technicians[i + 4], at = at }
    add_session(world, r, case)
  end
end

local function add_past(world, r)
  for _, status in ipairs { M.APPROVED, M.APPROVED, M.DECLINED, M.FINISHED } do
    local at = world.now - r:int(100, 400) * MINUTE
    local technician = r:pick(world.technicians)
    add_session(world, r,
      { site = r:pick(world.sites), technician = technician, at = at, status = status })
  end
end

local function add_planned(world, r, open_technicians)
  local tomorrow = calendar.midnight(world.now) + calendar.DAY
  for i = 1, PLANNED do
    local technician = world.technicians[(i * 5) % open_technicians + 1]
    local at = tomorrow + r:int(6, 15) * calendar.HOUR
    local case = add_case(world, r, "planned", site_at(world, i + 20), technician, at)
    case.until_at = at + r:int(2, 4) * calendar.HOUR
  end
end

---@param world sandbox.World
---@param r sandbox.Random
function M.add(world, r)
  local open_technicians = #world.technicians - M.RESERVED
  world.work_sessions, world.cases = {}, {}
  add_explained(world, r, open_technicians)
  add_unexplained(world, r, open_technicians)
  add_stale(world, r)
  add_past(world, r)
  add_planned(world, r, open_technicians)
end

return M
