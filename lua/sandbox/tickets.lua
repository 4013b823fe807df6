---The seeded tickets, and the changes that callers make to them.
local calendar = require("sandbox.calendar")
local instance = require("sandbox.instance")
local random = require("sandbox.random")
local visits = require("sandbox.visits")
local words = require("sandbox.words")
local workflow = require("sandbox.workflow")

---@class sandbox.Tickets
---@field list table[] oldest first
---@field by_id table<string, table>
---@field version integer goes up with every change
local Tickets = {}
Tickets.__index = Tickets

local M = {}

M.PRIORITIES = { "Low", "Medium", "Important", "Urgent" }
local FIRST_NUMBER = 1001
local LANGUAGES = { "en", "en", "en", "en", "en", "nl", "nl", "fr", "fr", "vi" }

local function person(of)
  return { id = of.id, name = of.name, email = of.email }
end

---Whoever wrote an e-mail has no object id: the address stands in.
local function requestor(world, r)
  if r:chance(0.08) then
    local email = ("tenant%d@customer.example"):format(r:int(1, 400))
    return { id = email, name = email, email = email }
  end
  return person(r:pick(world.offices))
end

---Of a hundred tickets: how many are open, started, resolved, closed, reopened.
local SHARES = { 12, 10, 38, 35, 5 }

local function random_state(r, flow)
  local roll, index = r:int(1, 100), 1
  while roll > SHARES[index] do
    roll, index = roll - SHARES[index], index + 1
  end
  return workflow.workflows[flow][index]
end

local function settle(ticket, r, at)
  ticket.lastUpdated = math.min(at, ticket.created + r:int(1, 20 * 24) * calendar.HOUR)
  if ticket.state.id:match("open$") == nil then
    ticket.firstResponse = math.min(at, ticket.created + r:int(1, 30) * calendar.HOUR)
  end
  if ticket.state.resolved then
    ticket.resolution = r:chance(0.85) and "fixed" or "cancelled"
    ticket.resolvedAt = ticket.lastUpdated
    ticket.comment = "Done."
  end
end

local function custom_fields(site, technician)
  return {
    [instance.ids["Site"]] = site.name,
    [instance.ids["Technician membership"]] = technician.membership_id,
  }
end

local function random_tags(r)
  local cause = instance.tags[1]
  return r:chance(0.4) and { { cause.id, cause.tags[r:int(1, 4)][1] } } or {}
end

local function random_ticket(world, r, number, age)
  local language = r:pick(LANGUAGES)
  local site = r:pick(world.sites)
  local technician = world.technicians[r:int(1, #world.technicians - visits.RESERVED)]
  local flow = r:chance(0.3) and language or "en"
  local ticket = {
    id = r:uuid(), number = number, flow = flow, state = random_state(r, flow),
    title = r:pick(words.titles[language]) .. " - " .. site.name,
    description = words.descriptions[language],
    priority = r:pick(M.PRIORITIES),
    requestor = requestor(world, r),
    assignee = r:chance(0.9) and person(technician) or { id = "", name = "", email = "" },
    customFields = custom_fields(site, technician),
    tags = random_tags(r),
    created = world.now - age,
  }
  if r:chance(0.5) then
    ticket.expected = calendar.midnight(ticket.created) + r:int(3, 40) * calendar.DAY
  end
  settle(ticket, r, world.now - 2 * calendar.HOUR)
  return ticket
end

---Half of the technicians asked for their ticket, the others were sent.
local function involve(ticket, technician, number)
  if number % 2 == 0 then
    ticket.requestor = person(technician)
  else
    ticket.assignee = person(technician)
  end
end

local function visit_ticket(world, r, number, case)
  local ticket = random_ticket(world, r, number, calendar.DAY)
  local title = case.kind == "planned" and "Planned visit" or r:pick(words.titles.en)
  ticket.flow, ticket.state = "en",
    workflow.find("en", case.kind == "closed" and "Closed" or "Open")
  ticket.title = title .. " - " .. case.site.name
  ticket.description = words.descriptions.en
  ticket.requestor = person(world.offices[1])
  ticket.customFields = custom_fields(case.site, case.technician)
  ticket.created = math.min(case.at, world.now) - r:int(3, 20) * calendar.HOUR
  ticket.resolution, ticket.resolvedAt, ticket.comment = nil, nil, nil
  ticket.firstResponse = nil
  ticket.expected = calendar.midnight(case.at)
  settle(ticket, r, world.now)
  ticket.assignee = { id = "", name = "", email = "" }
  involve(ticket, case.technician, number)
  return ticket
end

local function planned_ticket(world, r, number, case)
  local ticket = visit_ticket(world, r, number, case)
  ticket.assignee = person(case.technician)
  ticket.customFields[instance.ids["Visit start"]] = calendar.naive(case.at)
  ticket.customFields[instance.ids["Visit end"]] = calendar.naive(case.until_at)
  return ticket
end

local function add(tickets, ticket)
  tickets.list[#tickets.list + 1] = ticket
  tickets.by_id[ticket.id] = ticket
end

---@param world sandbox.World
---@return sandbox.Tickets
function M.new(world)
  local tickets = setmetatable({ list = {}, by_id = {}, version = 1 }, Tickets)
  local r = random.new(world.seed ~ 0x7469636b6574)
  local plain = math.max(0, world.ticket_count - #world.cases)
  for i = 1, plain do
    local step = 300 * calendar.DAY // plain
    local age = (plain - i + 1) * step + r:int(0, calendar.HOUR) + 2 * calendar.DAY
    add(tickets, random_ticket(world, r, FIRST_NUMBER + #tickets.list, age))
  end
  for i = 1, world.ticket_count - plain do
    local make = world.cases[i].kind == "planned" and planned_ticket or visit_ticket
    add(tickets, make(world, r, FIRST_NUMBER + #tickets.list, world.cases[i]))
  end
  tickets.random = r
  return tickets
end

---@param ticket table without id and number
---@param now integer
---@return table
function Tickets:create(ticket, now)
  ticket.id = self.random:uuid()
  ticket.number = FIRST_NUMBER + #self.list
  ticket.flow, ticket.state = "en", workflow.find("en", "Open")
  ticket.created, ticket.lastUpdated = now, now
  ticket.activities = {}
  add(self, ticket)
  self.version = self.version + 1
  return ticket
end

---@param ticket table
---@param now integer
function Tickets:touch(ticket, now)
  ticket.lastUpdated = now
  self.version = self.version + 1
end

return M
