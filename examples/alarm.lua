#!/usr/bin/env siterun
-- Makes a ticket of an alarm and prints its number. The alarm is JSON on standard input:
--   { "site": "Mendip Mast", "severity": "major", "text": "Door forced", "from": "noc@x.org" }
-- While a ticket for the same alarm is open, that one's number is printed instead.
local json = require "json"
local tk = require("ticketing").connect()
local PRIORITY = { critical = "Urgent", major = "Important", minor = "Medium", warning = "Low" }

local alarm = json.decode(io.read("a"))
assert(type(alarm) == "table", "the alarm must be a JSON object")
for _, name in ipairs { "site", "severity", "text", "from" } do
  local value = alarm[name]
  assert(type(value) == "string" and value ~= "", name .. " is missing, empty or not a text")
end
local priority = assert(PRIORITY[alarm.severity],
  "severity must be critical, major, minor or warning, not " .. alarm.severity)

local title = alarm.text:match("[^\r\n]*") .. " - " .. alarm.site
for _, status in ipairs { "Open", "Reopened", "Started" } do
  for ticket in tk.tickets:each { title = title, status = status } do
    if ticket.title == title then return print(ticket.ticketNo) end
  end
end
local ticket = tk.tickets:create { title = title, priority = priority, description = alarm.text,
  requestor = { id = alarm.from, name = alarm.from, email = alarm.from },
  customFields = { Site = alarm.site } }
print(ticket.ticketNo)
