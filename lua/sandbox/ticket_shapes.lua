---The bodies that Ticketing takes.
local calendar = require("sandbox.calendar")
local check = require("sandbox.check")
local instance = require("sandbox.instance")
local json = require("c.json")

local M = {}

local person = check.object { id = check.filled, name = check.filled, email = check.filled }

local tag = check.object {
  tagCategoryId = function(value, path)
    if not instance.tag_ids[value] then
      return "'" .. path .. "' is not the id of a tag category"
    end
  end,
  text = check.filled,
}

local date = check.parsed(calendar.parse_iso, "a date")

local function options_check(field)
  local keys = {}
  for i, option in ipairs(field.options) do
    keys[i] = option.key
  end
  local each = check.list(check.one_of(keys))
  return function(value, path)
    local message = each(value, path)
    if not message and not field.multiple and #value > 1 then
      message = "'" .. path .. "' takes one option"
    end
    return message
  end
end

local KINDS = {
  text = function() return check.text end,
  textarea = function() return check.text end,
  toggle = function() return check.boolean end,
  date = function() return date end,
  peoplepicker = function() return check.list(person) end,
  list = options_check,
}

local field_checks = {}
for _, field in ipairs(instance.fields) do
  field_checks[field.id] = not field.hidden and check.optional(KINDS[field.kind](field)) or nil
end

local function custom_fields(value, path)
  if type(value) ~= "table" or json.is_array(value) then
    return "'" .. path .. "' must be an object"
  end
  for id, content in pairs(value) do
    if not field_checks[id] then
      return ("Invalid custom field definition: no visible field has the id '%s'"):format(id)
    end
    local message = field_checks[id](content, path .. "." .. id)
    if message then
      return message
    end
  end
end

local function ticket_members(required)
  local wrap = required and function(inner) return inner end or check.omittable
  return {
    title = wrap(check.filled),
    requestor = wrap(person),
    description = check.optional(check.text),
    priority = check.omittable(check.one_of { "Low", "Medium", "Important", "Urgent" }),
    assignee = check.optional(person),
    expectedDate = check.optional(date),
    customFields = check.omittable(custom_fields),
    tags = check.omittable(check.list(tag)),
  }
end

local created = check.object { ticket = check.object(ticket_members(true)), user = person }
local changes = check.object(ticket_members(false))

local function some_changes(value, path)
  local message = changes(value, path)
  if not message and next(value) == nil then
    message = "'" .. path .. "' must not be empty"
  end
  return message
end

local updated = {
  ["1.0"] = check.object { updates = some_changes, user = person },
  ["1.1"] = check.object { ticket = some_changes, user = person },
}

local status = check.object {
  status = check.filled,
  resolution = check.optional(check.one_of { "fixed", "cannotResolve", "cancelled" }),
  comment = check.optional(check.text),
  user = person,
}

local comments = {
  ["1.0"] = check.object { comment = check.filled, user = person },
  ["1.1"] = check.object { comment = check.filled, isPrivate = check.optional(check.boolean),
    user = person },
}

function M.create()
  return created
end

function M.update(api)
  return updated[api]
end

function M.status()
  return status
end

function M.comment(api)
  return comments[api]
end

local function given(value)
  if value ~= json.null then
    return value
  end
end

local APPLY = {
  customFields = function(ticket, values)
    for id, value in pairs(values) do
      ticket.customFields[id] = given(value)
    end
  end,
  tags = function(ticket, tags)
    ticket.tags = {}
    for i, entry in ipairs(tags) do
      ticket.tags[i] = { entry.tagCategoryId, entry.text }
    end
  end,
  expectedDate = function(ticket, value)
    ticket.expected = given(value) and calendar.parse_iso(value)
  end,
  assignee = function(ticket, value)
    ticket.assignee = given(value) or { id = "", name = "", email = "" }
  end,
}

---Puts checked members into the ticket; null clears.
---@param ticket table
---@param members table
---@return table[] changes as activities list them
function M.apply(ticket, members)
  local list = {}
  for name, value in pairs(members) do
    local change = { name = name }
    if type(value) ~= "table" then
      change.oldValue, change.newValue = ticket[name], given(value)
    end
    if APPLY[name] then
      APPLY[name](ticket, value)
    else
      ticket[name] = given(value)
    end
    list[#list + 1] = change
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

return M
