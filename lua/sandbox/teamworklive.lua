---The simulated TeamWork Live service.
local calendar = require("sandbox.calendar")
local json = require("c.json")
local projects = require("sandbox.projects")
local reply = require("sandbox.reply")
local xml = require("sandbox.xml")

local M = { name = "teamworklive", prefix = "/teamworklive", window = { 6000, 3600000 } }

local function is_xml(call)
  return call.path:find("%.xml$") ~= nil
end

---@param status integer
---@param message string|string[]
---@param headers? string[][]
---@param call? sandbox.Call
---@return sandbox.Reply in the form that the path asks for
function M.refuse(status, message, headers, call)
  local list = type(message) == "table" and message or { message }
  if call and is_xml(call) then
    local parts = {}
    for i, text in ipairs(list) do
      parts[i] = "<error>" .. xml.escape(text) .. "</error>"
    end
    return reply.raw(status, "application/xml", xml.document("errors", table.concat(parts)),
      headers)
  end
  return reply.json(status, { errors = json.array(list) }, headers)
end

---@param call sandbox.Call
---@return sandbox.Reply|nil
function M.admit(call)
  if call.headers.authorization ~= call.account.basic then
    return M.refuse(401, "Unauthorized",
      { { "WWW-Authenticate", 'Basic realm="TeamWork Live"' } }, call)
  end
end

---@param call sandbox.Call
---@param wait_ms integer
---@return sandbox.Reply
function M.limited(call, wait_ms)
  local seconds = math.ceil(wait_ms / 1000)
  return M.refuse(503, "Rate Limit Exceeded", { { "Retry-After", call.retry_after(seconds) } },
    call)
end

local function answer(call, status, name, value, many)
  if value == nil or many and #value == 0 then
    return reply.raw(status, is_xml(call) and "application/xml" or "application/json", "")
  elseif not is_xml(call) then
    return reply.json(status, value)
  end
  local kind = projects.resources[name].record
  if not many then
    local text = '<?xml version="1.0" encoding="UTF-8"?>\n' .. xml.record(kind, value) .. "\n"
    return reply.raw(status, "application/xml", text)
  end
  local parts = {}
  for i, record in ipairs(value) do
    parts[i] = xml.record(kind, record)
  end
  return reply.raw(status, "application/xml", xml.document(name, table.concat(parts)))
end

local FROM_TEXT = {
  string = function(text) return text end,
  integer = math.tointeger,
  boolean = function(text)
    if text == "true" or text == "false" then
      return text == "true"
    end
  end,
}

local function has_type(value, wanted)
  return (wanted == "integer" and math.type(value) or type(value)) == wanted
end

---@return table|nil record as the body has it
---@return string|nil what is wrong with the body as a whole
local function read_body(call, resource)
  local kind = (call.headers["content-type"] or ""):lower()
  if kind:find("^application/json") then
    local is_object = type(call.json) == "table" and not json.is_array(call.json)
    return is_object and call.json or nil, "The body is not a JSON object"
  elseif not kind:find("^application/xml") then
    return nil, "Content-Type must be application/json or application/xml"
  end
  local outer, fields = xml.parse(call.body)
  if outer ~= resource.record then
    return nil, outer and "The outer element must be " .. resource.record or "Malformed XML: "
      .. fields
  end
  local record = {}
  for name, text in pairs(fields) do
    local convert = FROM_TEXT[resource.fields[name] or "string"]
    record[name] = convert(text) == nil and text or convert(text)
  end
  return record
end

local function field_errors(call, resource, record, present)
  local errors = {}
  for name, value in pairs(record) do
    local parent = resource.parent and resource.parent[name]
    if not resource.fields[name] then
      errors[#errors + 1] = name .. " is not a known field"
    elseif value ~= json.null and not has_type(value, resource.fields[name]) then
      errors[#errors + 1] = ("%s must be a %s"):format(name, resource.fields[name])
    elseif parent and value ~= json.null and not call.world.live[parent].by_id[value] then
      errors[#errors + 1] = name .. " does not exist"
    end
  end
  for _, name in ipairs(resource.required) do
    local value = record[name] == nil and present[name] or record[name]
    if value == nil or value == json.null or value == "" then
      errors[#errors + 1] = name .. " can't be blank"
    end
  end
  table.sort(errors)
  return errors
end

---Checks the body and copies it into `target`; answers what is wrong with it.
local function write(call, name, target)
  local resource = projects.resources[name]
  local record, problem = read_body(call, resource)
  local errors = record and field_errors(call, resource, record, target) or { problem }
  if #errors > 0 then
    return M.refuse(400, errors, nil, call)
  end
  for field, value in pairs(record) do
    target[field] = value
  end
end

local function matching(call, name, parent_field, parent_id)
  local found, fields = {}, projects.resources[name].fields
  for _, record in ipairs(call.world.live[name].records) do
    local keep = not parent_field or record[parent_field] == parent_id
    for field, value in pairs(call.query) do
      keep = keep and (not fields[field] or tostring(record[field]) == value)
    end
    found[#found + 1] = keep and record or nil
  end
  return json.array(found)
end

local COLLECTION, RECORD = {}, {}

function COLLECTION.GET(call, name)
  return answer(call, 200, name, matching(call, name), true)
end

function COLLECTION.POST(call, name)
  local record = { created_on = calendar.day(call.now) }
  return write(call, name, record)
    or answer(call, 201, name, projects.insert(call.world.live[name], record))
end

function RECORD.GET(call, name, record)
  return answer(call, 200, name, record)
end

function RECORD.PUT(call, name, record)
  return write(call, name, record) or answer(call, 200, name, record)
end

function RECORD.DELETE(call, name, record)
  local live = call.world.live[name]
  live.by_id[record.id] = nil
  for i, other in ipairs(live.records) do
    if other == record then
      table.remove(live.records, i)
      break
    end
  end
  return answer(call, 200, name, nil)
end

---/projects/3/tasks: the records of one that belong to a record of another.
local function nested(call, parent, id, name)
  local record = call.world.live[parent] and call.world.live[parent].by_id[math.tointeger(id)]
  for field, of in pairs(record and projects.resources[name] and projects.resources[name].parent
    or {}) do
    if of == parent then
      return call.method == "GET"
        and answer(call, 200, name, matching(call, name, field, record.id), true)
        or M.refuse(405, "Method not allowed", { { "Allow", "GET" } }, call)
    end
  end
  return M.refuse(404, "Not Found", nil, call)
end

local function serve(call, verbs, name, record)
  local verb = verbs[call.method]
  if not verb then
    return M.refuse(405, "Method not allowed",
      { { "Allow", verbs == RECORD and "GET, PUT, DELETE" or "GET, POST" } },
      call)
  elseif call.method ~= "GET" and projects.resources[name].read_only then
    return M.refuse(403, "You may not change " .. name, nil, call)
  end
  return verb(call, name, record)
end

local function dispatch(call)
  local path = call.path:match("^/(.*)%.json$") or call.path:match("^/(.*)%.xml$") or ""
  local name, id, inner = path:match("^([^/]+)/?([^/]*)/?([^/]*)$")
  local live = call.world.live[name]
  if inner and inner ~= "" then
    return nested(call, name, id, inner)
  elseif live and id == "" then
    return serve(call, COLLECTION, name)
  elseif live and live.by_id[math.tointeger(id)] then
    return serve(call, RECORD, name, live.by_id[math.tointeger(id)])
  end
  return M.refuse(404, "Not Found", nil, call)
end

---@type table<string, fun(call: sandbox.Call): sandbox.Reply>
M.handlers = {}
for _, name in ipairs { "get", "post", "put", "delete", "resource:list", "resource:get",
  "resource:create",
  "resource:update", "resource:delete" } do
  M.handlers[name] = dispatch
end

return M
