---The simulated services on a port.
local app = require("sandbox.app")
local clock = require("c.clock")
local server = require("c.server")
local loop = require("c.loop")

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

local function send(request, answer)
  if answer.fault == "drop" then
    return request:drop()
  elseif answer.fault == "stall" then
    return request:stall()
  elseif answer.fault == "truncate" then
    return request:truncate(answer)
  end
  return request:respond(answer)
end

local function tell(request, answer)
  io.stderr:write(("%s %s %s\n"):format(request.method, request.path, answer.fault or answer.status))
end

---Answers requests for ever.
---@async
---@param services sandbox.App
---@param listening c.Server
function M.run(services, listening)
  while true do
    local request = listening:next()
    if request then
      local answer = services:handle(request)
      assert(send(request, answer))
      if services.options.verbose then
        tell(request, answer)
      end
    else
      loop.poll()
    end
  end
end

return M
