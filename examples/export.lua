#!/usr/bin/env siterun
-- Writes every ticket to standard output as CSV (RFC 4180). Holds one page at a time.
local tk = require("ticketing").connect()
local COLUMNS = { "Number", "Title", "Status", "Priority", "Site", "Assignee", "Made", "Due" }

local function write(cells)
  for i = 1, #COLUMNS do
    local text = tostring(cells[i] or "")
    if text:find('[",\r\n]') then text = '"' .. text:gsub('"', '""') .. '"' end
    io.write(text, i < #COLUMNS and "," or "\r\n")
  end
end

write(COLUMNS)
for ticket in tk.tickets:each { orderBy = "ticketId", order = "ASC", limit = 500 } do
  write { ticket.ticketNo, ticket.title, ticket.status, ticket.priority,
    ticket.customFields.Site, (ticket.assignee or {}).name, ticket.createdOn,
    ticket.expectedDate }
end
