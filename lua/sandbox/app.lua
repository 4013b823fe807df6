---The simulated services without their transport: a request in, an answer out.
local account = require("sandbox.account")
local calendar = require("sandbox.calendar")
local control = require("sandbox.control")
local fault = require("sandbox.fault")
local json = require("c.json")
local log = require("sandbox.log")
local query = require("sandbox.query")
local random = require("sandbox.random")
local reply = require("sandbox.reply")
local routes = require("sandbox.routes")
local teamworklive = require("sandbox.teamworklive")
local teleporte = require("sandbox.teleporte")
local ticketing = require("sandbox.ticketing")
local window = require("sandbox.window")
local world = require("sandbox.world")

---@class sandbox.Call
---@field app sandbox.App
---@field service table
---@field account sandbox.Account
---@field options sandbox.Options
---@field world sandbox.World
---@field api "1.0"|"1.1" of Ticketing
---@field now integer milliseconds since 1970
---@field arrived integer milliseconds of a clock that never steps
---@field method string
---@field path string below the service's own address
---@field raw_query string
---@field query table<string, string>
---@field headers table<string, string> names in lower case
---@field body string
---@field json any the body, decoded
---@field params string[] from the path
---@field retry_after fun(seconds: integer): string

---@class sandbox.App
---@field faults sandbox.Fault[]
---@field sessions table<string, integer> when each ends, by token
---@field log sandbox.Log
local App = {}
App.__index = App

local M = {}

local SERVICES = { teleporte, ticketing, teamworklive }

---A span is needed for counting also where nothing is limited.
local DEFAULT_SPAN = 60000

---@param options sandbox.Options
---@param clock fun(): integer milliseconds since 1970
---@return sandbox.App
function M.new(options, clock)
  local app = setmetatable({ options = options, clock = clock, routes = {} }, App)
  app.account = account.new(random.new(options.seed ~ 0x6163636f756e74))
  for _, service in ipairs(SERVICES) do
    local declared = require(service.name).declaration
    app.routes[service.name] =
      routes.build(declared, service.handlers, { api = options.ticketing_api })
  end
  app:reset()
  return app
end

---As at the start: seeded data, no sessions, empty windows, the faults of the command line.
function App:reset()
  local options = self.options
  self.world = world.new(options, self.clock())
  self.secrets = random.new(options.seed ~ 0x746f6b656e)
  self.chance = random.new(options.seed ~ 0x6661756c74)
  self.sessions, self.windows, self.faults = {}, {}, {}
  local spans = {}
  for _, service in ipairs(SERVICES) do
    local limit = options.limits[service.name] or service.window or { nil, DEFAULT_SPAN }
    spans[service.name] = limit[2]
    self.windows[service.name] = window.new(limit[1], limit[2])
  end
  for i, text in ipairs(options.faults) do
    self.faults[i] = assert(fault.parse(text))
  end
  self.log = log.new(spans)
end

local function decode_body(call)
  local kind = call.headers["content-type"] or ""
  if call.body == "" or not kind:lower():find("^application/json") then
    return nil
  end
  local value, message = json.decode(call.body)
  call.json = value
  return value == nil and call.service.refuse(400, "Malformed JSON: " .. message, nil, call)
    or nil
end

---Bodies need a content type that the service reads.
local function check_content_type(call)
  local kind = (call.headers["content-type"] or ""):lower()
  local is_json = kind:find("^application/json") ~= nil
  local is_xml = call.service.name == "teamworklive" and kind:find("^application/xml") ~= nil
  if call.body ~= "" and not is_json and not is_xml then
    local status = call.service.name == "teamworklive" and 400 or 415
    return call.service.refuse(status, "The Content-Type does not say that the body is JSON.",
      nil, call)
  end
end

function App:route(call)
  local route, found = routes.match(self.routes[call.service.name], call.method, call.path)
  if not route then
    local status = found and 405 or 404
    return call.service.refuse(status, found and "Method not allowed" or "Resource not found",
      nil, call)
  end
  call.params = found --[[@as string[] ]]
  return route.handler(call)
end

---Credentials first, then the limit: what a gateway turns away does not count.
function App:serve(call)
  local refused = call.service.admit(call)
  if refused then
    return refused
  end
  local wait = self.windows[call.service.name]:admit(call.arrived)
  if wait > 0 then
    return call.service.limited(call, wait)
  end
  return check_content_type(call) or decode_body(call) or self:route(call)
end

function App:answer(call)
  local struck = fault.pick(self.faults, call, self.chance)
  local instead = struck and fault.before(struck, call)
  if instead then
    return instead
  end
  local answer = self:serve(call)
  return struck and fault.after(struck, answer) or answer
end

local function find_service(path)
  for _, service in ipairs(SERVICES) do
    local prefix = service.prefix
    if path:sub(1, #prefix) == prefix and path:find("^/", #prefix + 1) then
      return service
    end
  end
end

function App:call(service, request)
  local options, now = self.options, self.clock()
  return {
    app = self, service = service, account = self.account, options = options,
    world = self.world,
    api = options.ticketing_api, now = now, arrived = request.arrived, method = request.method,
    path = request.path:sub(#service.prefix + 1), raw_query = request.query,
    query = query.parse(request.query), headers = request.headers, body = request.body,
    params = {},
    retry_after = function(seconds)
      return options.retry_after == "date" and calendar.http(now + seconds * 1000)
        or tostring(seconds)
    end,
  }
end

---@param request c.ServerRequest or a table with the same fields
---@return sandbox.Reply
function App:handle(request)
  if request.path:sub(1, #control.prefix) == control.prefix then
    return control.handle(self, request)
  end
  local service = find_service(request.path)
  if not service then
    return reply.json(404, { message = "No service lives here" })
  end
  local call = self:call(service, request)
  local entry = self.log:add(call)
  local answer = self:answer(call)
  self.log:close(entry, answer)
  return answer
end

return M
