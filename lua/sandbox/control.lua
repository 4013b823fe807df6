---The sandbox's own addresses, for tests:
---  GET    /_sandbox/requests[?since=N]  what arrived, oldest first
---  GET    /_sandbox/counters  by service: requests, logins, statuses, the most in any window
---  POST   /_sandbox/reset     seeded data, no sessions, empty windows, the faults of the start
---  POST   /_sandbox/fault     {"fault": "SERVICE METHOD PATH WHAT PROBABILITY [COUNT]"}
---  DELETE /_sandbox/fault     no more faults
---  POST   /_sandbox/expire    every Teleporte session ends now
local fault = require("sandbox.fault")
local json = require("c.json")
local query = require("sandbox.query")
local reply = require("sandbox.reply")

local M = { prefix = "/_sandbox" }

local function ok(value)
  return reply.json(200, value or { ok = true })
end

local HANDLERS = {
  ["GET /requests"] = function(app, request)
    local since = math.tointeger(query.parse(request.query).since or "0") or 0
    return ok { items = app.log:since(since) }
  end,
  ["GET /counters"] = function(app)
    return ok(app.log:counters())
  end,
  ["POST /reset"] = function(app)
    app:reset()
    return ok()
  end,
  ["POST /fault"] = function(app, request)
    local body = json.decode(request.body)
    local text = type(body) == "table" and body.fault
    local parsed, message
    if type(text) == "string" then
      parsed, message = fault.parse(text)
    end
    if not parsed then
      return reply.json(400, { message = message or 'The body must be {"fault": "..."}' })
    end
    table.insert(app.faults, parsed)
    return ok()
  end,
  ["DELETE /fault"] = function(app)
    app.faults = {}
    return ok()
  end,
  ["POST /expire"] = function(app)
    for token in pairs(app.sessions) do
      app.sessions[token] = 0
    end
    return ok()
  end,
}

---@param app sandbox.App
---@param request table
---@return sandbox.Reply
function M.handle(app, request)
  local handler = HANDLERS[request.method .. " " .. request.path:sub(#M.prefix + 1)]
  return handler and handler(app, request) or reply.json(404, { message = "No such control" })
end

return M
