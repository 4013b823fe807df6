#!/usr/bin/env siterun
-- Approves the pending work sessions whose technician has an open ticket for the site, declines
-- those that have waited for more than a day, and says why. Running it again does no harm.
local tp, tk = require("teleporte").connect(), require("ticketing").connect()
local PENDING, yesterday = 0, os.date("!%Y-%m-%dT%H:%M:%S", os.time() - 24 * 3600)

local newest = {} -- number of the newest open ticket, by the technician's e-mail and the site
for _, status in ipairs { "Open", "Reopened", "Started" } do
  for ticket in tk.tickets:each { status = status, orderBy = "ticketId", limit = 500 } do
    for _, person in ipairs { ticket.assignee or {}, ticket.requestor or {} } do
      local visit = string.format("%s at %s", person.email, ticket.customFields.Site)
      newest[visit] = math.max(newest[visit] or 0, ticket.ticketNo)
    end
  end
end

for session in tp.work_sessions:each() do
  local who = session.user.name .. " at " .. session.site.name
  local ticket = newest[session.user.email .. " at " .. session.site.name]
  if session.status == PENDING and session.started_at_time < yesterday then
    tp.work_sessions:decline(session.id)
    print("declined:     " .. who .. ", pending since " .. session.started_at_time)
  elseif session.status == PENDING and ticket then
    tp.work_sessions:approve(session.id,
      { ticket_number = tostring(ticket), tasks = session.options.tasks })
    print("approved:     " .. who .. ", open ticket " .. ticket)
  elseif session.status == PENDING then
    print("left pending: " .. who .. ", no open ticket for this site")
  end
end
