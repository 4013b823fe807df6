-- The recipe that siterun new starts from.
return [==[
#!/usr/bin/env siterun
-- Prints the tickets of a site. Put your own work at the end.
local USAGE = [[
usage: siterun @NAME@.lua [--status STATUS] [--limit N] SITE

Prints number, status and title of a site's tickets.

  --status STATUS   Open unless told
  --limit N         how many at most; 10 unless told
]]

local function refuse(message)
  io.stderr:write("@NAME@: ", message, "\n\n", USAGE)
  os.exit(2)
end

-- Options are written --name VALUE or --name=VALUE.
local options, words = { status = "Open", limit = "10" }, {}
local i = 1
while arg[i] do
  local name, value = arg[i]:match("^%-%-([%w-]+)=?(.*)$")
  if name == "help" then
    io.write(USAGE)
    os.exit(0)
  elseif options[name] then
    if not arg[i]:find("=", 1, true) then
      i = i + 1
      value = arg[i] or refuse("--" .. name .. " needs a value")
    end
    options[name] = value
  elseif arg[i]:find("^%-.") then
    refuse("unknown option " .. arg[i])
  else
    words[#words + 1] = arg[i]
  end
  i = i + 1
end
local site = #words == 1 and words[1] or refuse("one SITE is needed")
local limit = math.tointeger(tonumber(options.limit)) or refuse("--limit is a whole number")

local tk = require("ticketing").connect()
local found = tk.tickets:list({ search = site, status = options.status, limit = limit })
for _, ticket in ipairs(found.items) do
  print(ticket.ticketNo, ticket.status, ticket.title)
end
]==]
