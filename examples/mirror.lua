#!/usr/bin/env siterun
-- Mirrors the tickets that were resolved in the last days into a TeamWork Live project:
--   mirror.lua [PROJECT [DAYS]]
-- A task begins with its ticket's number; what is there already is not made again. The names
-- `projects` and `tasks` are the sandbox's: the API pages of your account list its own.
local tk, tw = require("ticketing").connect(), require("teamworklive").connect()
local name, days = arg[1] or "Field maintenance", tonumber(arg[2] or 7)
local since = os.date("!%Y-%m-%d", os.time() - days * 24 * 3600)

local project
for each in tw:resource("projects"):each() do
  if each.name == name then project = each.id end
end
assert(project, "TeamWork Live has no project " .. name)

local there, tasks = {}, tw:resource("tasks")
for task in tasks:each { project_id = project } do
  if task.project_id == project then there[task.name:match("^#%d+") or ""] = true end
end

for ticket in tk.tickets:each { status = "Resolved", orderBy = "ticketId", limit = 500 } do
  local mark = "#" .. ticket.ticketNo
  if (ticket.lastResolutionOn or "") >= since and not there[mark] then
    local task = mark .. " " .. ticket.title
    tasks:create { name = task, project_id = project, completed = true }
    print(task)
  end
end
