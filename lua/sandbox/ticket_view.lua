---Tickets as the service writes them.
local calendar = require("sandbox.calendar")
local instance = require("sandbox.instance")
local json = require("c.json")

local M = {}

---Some answers spell it with the blank that the vendor's document has.
local function status_of(ticket)
  local label = ticket.state.label
  return label == "Closed" and ticket.number % 3 == 0 and " Closed" or label
end

local function stamp(at)
  return at and calendar.iso(at)
end

local function tag_texts(ticket)
  local texts = {}
  for i, tag in ipairs(ticket.tags) do
    texts[i] = tag[2]
  end
  return json.array(texts)
end

---Lists name custom fields by title, single tickets by id.
local function custom_fields(ticket, by_title)
  local values = {}
  for id, value in pairs(ticket.customFields) do
    values[by_title and instance.by_id[id].title or id] = value
  end
  return json.object(values)
end

---@param ticket table
---@param by_title boolean whether custom fields come by title
---@return table ITicket
function M.item(ticket, by_title)
  return {
    id = ticket.id,
    ticketNo = ticket.number,
    title = ticket.title,
    description = ticket.description,
    status = status_of(ticket),
    statusId = ticket.state.id,
    priority = ticket.priority,
    requestor = ticket.requestor,
    assignee = ticket.assignee,
    expectedDate = stamp(ticket.expected),
    customFields = custom_fields(ticket, by_title),
    tags = tag_texts(ticket),
    resolution = ticket.resolution,
    lastResolutionComment = ticket.resolution and ticket.comment,
    createdOn = stamp(ticket.created),
    createdBy = ticket.createdBy or ticket.requestor,
    lastUpdatedOn = stamp(ticket.lastUpdated),
    firstResponseOn = stamp(ticket.firstResponse),
    firstResolutionOn = stamp(ticket.resolvedAt),
    lastResolutionOn = stamp(ticket.resolvedAt),
  }
end

---Names that can be selected beside those of an item.
local EXTRA = {
  ticketId = function(ticket) return ticket.number end,
  requestorName = function(ticket) return ticket.requestor.name end,
  requestorEmail = function(ticket) return ticket.requestor.email end,
  assigneeName = function(ticket) return ticket.assignee.name end,
  assigneeEmail = function(ticket) return ticket.assignee.email end,
  createdDateTime = function(ticket) return stamp(ticket.created) end,
  lastInteraction = function(ticket) return stamp(ticket.lastUpdated) end,
  assigneeUnseenEventCnt = function() return 0 end,
  requestorUnseenEventCnt = function() return 0 end,
  isFrtEscalated = function() return false end,
  isRtEscalated = function() return false end,
}

---@param ticket table
---@param names string[]|nil what was selected; unknown names are passed over
---@param html boolean whether description_HTML was asked for
---@return table
function M.row(ticket, names, html)
  local item = M.item(ticket, true)
  if html then
    item.description_HTML = "<p>" .. (ticket.description or "") .. "</p>"
  end
  if not names then
    return item
  end
  local row = {}
  for _, name in ipairs(names) do
    row[name] = EXTRA[name] and EXTRA[name](ticket) or item[name]
  end
  return row
end

local function seeded_activities(ticket)
  local list = {
    { action = "created", at = ticket.created, by = ticket.createdBy or ticket.requestor },
  }
  if ticket.firstResponse then
    list[2] = { action = "commented", at = ticket.firstResponse, by = ticket.assignee,
      comment = "On it." }
  end
  if ticket.resolvedAt then
    list[#list + 1] = {
      action = "resolved", at = ticket.resolvedAt, by = ticket.assignee,
      comment = ticket.comment,
    }
  end
  return list
end

---What happened to a ticket, oldest first; new entries are added to the end.
---@param ticket table
---@return table[]
function M.activities(ticket)
  if not ticket.activities then
    ticket.activities = seeded_activities(ticket)
  end
  return ticket.activities
end

---@param ticket table
---@param entry table
---@param index integer position in the ticket's history
---@return table IActivity
function M.activity(ticket, entry, index)
  return {
    id = ("%s-%04d"):format(ticket.id:sub(1, 31), index),
    ticketId = ticket.id,
    action = entry.action,
    comment = entry.comment,
    isPrivate = false,
    createdDateTime = stamp(entry.at),
    createdBy = entry.by,
    attachments = json.array {},
    changes = json.array(entry.changes or {}),
  }
end

return M
