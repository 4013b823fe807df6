---The Ticketing instance: its custom fields, people and tags.
local json = require("c.json")

local M = {}

---@class sandbox.Field
---@field id string
---@field title string
---@field kind string text, textarea, toggle, date, list or peoplepicker
---@field options? { key: string, text: string }[]
---@field multiple? boolean
---@field hidden? boolean writing it is refused

---@type sandbox.Field[]
M.fields = {
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7001", title = "Site", kind = "text" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7002", title = "Technician membership",
    kind = "text" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7003", title = "Visit start", kind = "text" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7004", title = "Visit end", kind = "text" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7005", title = "Access notes", kind = "textarea" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7006", title = "Briefing done", kind = "toggle" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7007", title = "Permit until", kind = "date" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7008", title = "Crew", kind = "peoplepicker" },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7009", title = "Kind of work", kind = "list",
    options = {
      { key = "70d42d78-899a-4d5e-8cf0-79a0e4a60001", text = "Repair" },
      { key = "70d42d78-899a-4d5e-8cf0-79a0e4a60002", text = "Inspection" },
      { key = "70d42d78-899a-4d5e-8cf0-79a0e4a60003", text = "Installation" },
    } },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b700a", title = "Equipment", kind = "list",
    multiple = true,
    options = {
      { key = "fe68df23-432e-4c0f-9841-a018b7f40001", text = "Ladder" },
      { key = "fe68df23-432e-4c0f-9841-a018b7f40002", text = "Hoist" },
      { key = "fe68df23-432e-4c0f-9841-a018b7f40003", text = "Generator" },
    } },
  { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b700b", title = "Legacy code", kind = "text",
    hidden = true },
}

---@type table<string, sandbox.Field>
M.by_id = {}
---@type table<string, string> field ids by title
M.ids = {}
for _, field in ipairs(M.fields) do
  M.by_id[field.id] = field
  M.ids[field.title] = field.id
end

M.tags = {
  { id = "2283653a-8d36-40eb-9a68-73eb3b331811", text = "Cause", color = "#c50f1f",
    deleted = false,
    tags = { { "power" }, { "weather" }, { "vandalism" }, { "hardware" },
      { "aliens", true } } },
  { id = "2283653a-8d36-40eb-9a68-73eb3b331812", text = "Access", color = "#0f6cbd",
    deleted = false,
    tags = { { "night" }, { "two_people" }, { "escort" } } },
  { id = "2283653a-8d36-40eb-9a68-73eb3b331813", text = "Old", color = "#808080",
    deleted = true,
    tags = { { "legacy" } } },
}

M.tag_ids = {}
for _, category in ipairs(M.tags) do
  M.tag_ids[category.id] = true
end

local INSTANCE_ID = "5d0c9c1e-0b5e-4a6e-8d1c-3a1f0e9b4a10"
local KINDS = { "text", "textarea", "date", "toggle", "list", "peoplepicker" }

local function field_type(kind)
  for i, name in ipairs(KINDS) do
    if name == kind then
      return { key = ("%d_%s"):format(i, name), text = name, data = json.object {} }
    end
  end
end

local function field_item(field)
  return {
    id = field.id,
    title = field.title,
    type = field_type(field.kind),
    options = json.array(field.options or {}),
    isMultiple = field.multiple or false,
    isMandatory = false,
    status = field.hidden and "hidden" or "visible",
  }
end

local function field_items(first, last)
  local items = {}
  for i = first, last do
    items[#items + 1] = field_item(M.fields[i])
  end
  return json.array(items)
end

---Half of the assignees come in the short form, half as Microsoft's pickers write them.
local function people(world)
  local list = {}
  for i, person in ipairs(world.technicians) do
    list[i] = i % 2 == 0 and { id = person.id, name = person.name, email = person.email }
      or { id = person.id, text = person.name, secondaryText = person.email }
  end
  return list
end

---@param world sandbox.World
---@return table IInstance
function M.item(world)
  return {
    id = INSTANCE_ID,
    groupId = "0d9a4b1c-7e21-4a53-9f0c-6f1c5f3e6b1e",
    name = "Field Service Desk",
    instanceName = "Field Service Desk",
    enabled = true,
    tenantId = "9f0c6f1c-5f3e-4b1e-8a53-0d9a4b1c7e21",
    teamId = "19:sandbox@thread.tacv2",
    channelId = "19:desk@thread.tacv2",
    mailAddress = "desk@sandbox.example",
    customFields = field_items(1, #M.fields),
    customFieldsLeft = field_items(1, 6),
    customFieldsRight = field_items(7, #M.fields),
    optionalFieldsLeft = json.array { { id = "description", title = "Description",
      type = "textarea" } },
    optionalFieldsRight = json.array {
      { id = "expectedDate", title = "Expected date", type = "date" },
    },
    assignees = { type = "customAssignee", peoples = people(world) },
    assigneeRules = json.array {},
    defaultRuleAssignee = json.array {},
    isAutomaticAssignTickets = false,
    isAutoAssignIdleTickets = false,
    isNotifyIdleTicket = false,
  }
end

---@return table[] ITagCategory
function M.tag_items()
  local items = {}
  for i, category in ipairs(M.tags) do
    local tags = {}
    for j, tag in ipairs(category.tags) do
      tags[j] = { text = tag[1], deleted = tag[2] or false }
    end
    items[i] = {
      id = category.id, instanceId = INSTANCE_ID, text = category.text, color = category.color,
      tags = json.array(tags), deleted = category.deleted,
    }
  end
  return items
end

return M
