#!/usr/bin/env siterun
-- Issues the keys for tomorrow's planned visits: tickets whose custom fields say who comes to
-- which site, and when (UTC). The keys are noted on the ticket, so another run passes it over.
local tp, tk = require("teleporte").connect(), require("ticketing").connect()
local tomorrow = os.date("!%Y-%m-%d", os.time() + 24 * 3600)

local site_ids = {}
for site in tp.sites:each() do site_ids[site.name] = site.id end

for ticket in tk.tickets:each { status = "Open", orderBy = "ticketId", limit = 500 } do
  local field = ticket.customFields
  local notes, start = field["Access notes"] or "", field["Visit start"] or ""
  local site, is_planned = site_ids[field.Site], start:sub(1, 10) == tomorrow
  if is_planned and (notes:find("keys issued") or not site) then
    print(ticket.ticketNo, field.Site, "passed over", notes)
  elseif is_planned then
    local lock_ids, key_ids = {}, {}
    for i, lock in ipairs(tp.sites:locks(site)) do lock_ids[i] = lock.id end
    local keys = tp.keys:assign { lock_ids = lock_ids, start_date = start,
      end_date = field["Visit end"], membership_ids = { field["Technician membership"] },
      ticket_number = tostring(ticket.ticketNo) }
    for i, key in ipairs(keys) do key_ids[i] = key.id end
    notes = notes .. "keys issued: " .. table.concat(key_ids, ", ")
    tk.tickets:update(ticket.id, { customFields = { ["Access notes"] = notes } })
    print(ticket.ticketNo, field.Site, start, notes)
  end
end
