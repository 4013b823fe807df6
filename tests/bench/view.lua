-- siterun tests/bench/view.lua [COUNT]: milliseconds of processor time to print a table of 10,000 rows, the best of
-- five, without and with colours.
local view = require "view"

local function ticket(i)
  return {
    id = ("%08x-0000-4000-8000-%012x"):format(i * 7919, i), ticketNo = i,
    title = "Generator does not start at site " .. i, status = i % 3 == 0 and "Open" or "Resolved",
    createdOn = ("2026-07-%02dT10:%02d:00Z"):format(i % 28 + 1, i % 60),
    assignee = { id = tostring(i), name = "Hưng Nguyễn" }, tags = { "power", "visit" },
    description = ("Since 06:00 no output on phase %d. "):format(i % 3):rep(4),
    priority = "Urgent", customFields = { Tower = "MTS-" .. i },
  }
end

local rows = {}
for i = 1, tonumber(arg[1]) or 10000 do rows[i] = ticket(i) end

for _, is_colored in ipairs { false, true } do
  for _, width in ipairs { 80, 200 } do
    local best = math.huge
    for _ = 1, 5 do
      local out <close> = assert(io.open("/dev/null", "w"))
      local started = os.clock()
      out:write(view.show({ n = 1, rows }, { width = width, color = is_colored }))
      best = math.min(best, os.clock() - started)
    end
    print(("%d rows, %d columns wide%s: %.0f ms"):format(#rows, width,
      is_colored and ", colours" or "", best * 1000))
  end
end
