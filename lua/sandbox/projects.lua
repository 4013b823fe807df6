---TeamWork Live's data. Its document names no call but client companies; the rest is a
---plausible minimum.
local calendar = require("sandbox.calendar")
local json = require("c.json")
local words = require("sandbox.words")

local M = {}

---@class sandbox.Resource
---@field record string name of one record in XML
---@field fields table<string, string> type of each field that can be written
---@field required string[]
---@field parent? table<string, string> field that names a record of another resource
---@field read_only? boolean writing is 403

---@type table<string, sandbox.Resource>
M.resources = {
  clientcompanies = { record = "clientcompany", required = { "name" },
    fields = { name = "string", phone = "string", website = "string" } },
  projects = { record = "project", required = { "name" },
    parent = { clientcompany_id = "clientcompanies" },
    fields = { name = "string", description = "string", status = "string",
      clientcompany_id = "integer" } },
  tasks = { record = "task", required = { "name" }, parent = { project_id = "projects" },
    fields = { name = "string", description = "string", completed = "boolean",
      project_id = "integer",
      due_date = "string" } },
  people = { record = "person", required = {}, fields = {}, read_only = true },
  milestones = { record = "milestone", required = { "name" },
    parent = { project_id = "projects" },
    fields = { name = "string", project_id = "integer" } },
}

---@param resource table { records, next_id }
---@param record table
---@return table the record, with its id
function M.insert(resource, record)
  record.id = resource.next_id
  resource.next_id = resource.next_id + 1
  resource.records[#resource.records + 1] = record
  resource.by_id[record.id] = record
  return record
end

local function seed_projects(world, r, live, created)
  for _, name in ipairs(words.projects) do
    local project = M.insert(live.projects, {
      name = name, description = "", status = "active",
      clientcompany_id = r:int(1, #words.companies),
      created_on = created,
    })
    for i = 1, r:int(1, 4) do
      local site = r:pick(world.sites)
      M.insert(live.tasks, {
        name = ("%s %d"):format(site.name, i), description = json.null,
        completed = r:chance(0.5),
        project_id = project.id,
        due_date = calendar.day(world.now + r:int(1, 60) * calendar.DAY),
        created_on = created,
      })
    end
  end
end

---Milestones stay empty: a resource without data has an empty answer.
---@param world sandbox.World
---@param r sandbox.Random
function M.add(world, r)
  local live = {}
  local created = calendar.day(world.now - 90 * calendar.DAY)
  for name in pairs(M.resources) do
    live[name] = { records = {}, by_id = {}, next_id = 1 }
  end
  for _, name in ipairs(words.companies) do
    M.insert(live.clientcompanies,
      { name = name, phone = "", website = json.null, created_on = created })
  end
  for _, technician in ipairs(world.technicians) do
    M.insert(live.people, { name = technician.name, email = technician.email })
  end
  seed_projects(world, r, live, created)
  world.live = live
end

return M
