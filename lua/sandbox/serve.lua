---The simulated services on a port.
local app = require("sandbox.app")
local clock = require("c.clock")
local reply = require("sandbox.reply")
local server = require("c.server")
local task = require("task")

local M = {}

---@param options sandbox.Options
---@return sandbox.App|nil
---@return c.Server|nil listening
---@return table|nil err why it cannot listen
function M.open(options)
  local listening, err = server.listen { port = options.port }
  if not listening then
    return nil, nil, err
  end
  return app.new(options, function()
    return math.floor(clock.now() * 1000)
  end), listening
end

---Returns what c.server says when the answer cannot be sent.
local function send(request, answer)
  local sent, err = true, nil
  if answer.fault == "drop" then
    request:drop()
  elseif answer.fault == "stall" then
    request:stall()
  else
    local how = answer.fault == "truncate" and request.truncate or request.respond
    sent, err = how(request,
      { status = answer.status, headers = answer.headers, body = answer.body })
  end
  return not sent and err or nil
end

local function tell(request, answer)
  io.stderr:write(("%s %s %s\n"):format(request.method, request.path,
    answer.fault or answer.status))
end

---A mistake of a handler is the service's internal error, and is told.
local function handle(services, request)
  local ok, answer = xpcall(services.handle, debug.traceback, services, request)
  if ok then
    return answer
  end
  io.stderr:write("siterun sandbox: ", answer, "\n")
  return reply.json(500, { message = "Internal error of the sandbox" })
end

---Answers requests for ever.
---@async
---@param services sandbox.App
---@param listening c.Server
function M.run(services, listening)
  while true do
    local request = listening:next()
    if request then
      local answer = handle(services, request)
      local err = send(request, answer)
      if err then
        error(err.message)
      elseif services.options.verbose then
        tell(request, answer)
      end
    else
      task.wait(listening)
    end
  end
end

return M
