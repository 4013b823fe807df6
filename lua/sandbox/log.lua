---What arrived, for tests to look at: no header is kept, and no secret.
local json = require("c.json")
local query = require("sandbox.query")
local window = require("sandbox.window")

---@class sandbox.Log
---@field entries table[] ring of the latest
---@field count integer how many there ever were
---@field services table<string, table> counts by service
local Log = {}
Log.__index = Log

local M = {}

local KEPT = 20000
local BODY_KEPT = 65536

---@param spans table<string, integer> milliseconds of each service's window
---@return sandbox.Log
function M.new(spans)
  local services = {}
  for name, span in pairs(spans) do
    services[name] = { requests = 0, logins = 0, statuses = {},
      arrivals = window.new(nil, span) }
  end
  return setmetatable({ entries = {}, count = 0, services = services }, Log)
end

---The password is the one secret that bodies carry.
local function shown_body(call)
  if call.service.name == "teleporte" and call.path == "/sessions" then
    return "***"
  end
  return #call.body <= BODY_KEPT and call.body or call.body:sub(1, BODY_KEPT)
end

---@param call sandbox.Call
---@return table entry; its status is set later
function Log:add(call)
  local service = self.services[call.service.name]
  local raw = call.service.secret_parameter
    and query.hide(call.raw_query, call.service.secret_parameter)
  local entry = {
    number = self.count + 1, time = call.now / 1000, at = call.arrived,
    service = call.service.name,
    method = call.method, path = call.path, query = raw or call.raw_query,
    body = shown_body(call),
    status = json.null,
  }
  self.count = self.count + 1
  self.entries[(self.count - 1) % KEPT + 1] = entry
  service.requests = service.requests + 1
  service.arrivals:add(call.arrived)
  return entry
end

---@param entry table
---@param answer sandbox.Reply
function Log:close(entry, answer)
  local service = self.services[entry.service]
  local name = answer.fault or tostring(answer.status)
  entry.status = answer.status
  entry.fault = answer.fault
  service.statuses[name] = (service.statuses[name] or 0) + 1
  if entry.service == "teleporte" and entry.path == "/sessions" and entry.method == "POST" then
    service.logins = service.logins + 1
  end
end

---@param after integer number of the last entry already known
---@return table[] entries, oldest first
function Log:since(after)
  local list = {}
  for number = math.max(after + 1, self.count - KEPT + 1), self.count do
    list[#list + 1] = self.entries[(number - 1) % KEPT + 1]
  end
  return json.array(list)
end

---@return table<string, table> by service: requests, logins, statuses, the most in any window
function Log:counters()
  local counters = {}
  for name, service in pairs(self.services) do
    counters[name] = {
      requests = service.requests, logins = service.logins,
      statuses = json.object(service.statuses),
      max_in_window = service.arrivals.peak, window = service.arrivals.span / 1000,
    }
  end
  return counters
end

return M
