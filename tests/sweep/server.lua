-- A server and its client in one program.
local http, server, task = require("http"), require("c.server"), require("task")

local function say(listening, request)
  if request.path == "/drop" then
    return request:drop()
  elseif request.path == "/cut" then
    return request:truncate { status = 200, body = request.path:rep(20) }
  end
  assert(request:respond { status = 200, headers = { { "X-Own", "1" } }, body = request.body })
  return listening
end

local function serve(listening)
  while true do
    task.wait(listening)
    say(listening, listening:next())
  end
end

local listening <close> = assert(server.listen {})
local served = task.spawn(serve, listening)
local url = ("http://127.0.0.1:%d"):format(listening:port())
local answer = http.post(url .. "/same", { body = ("x"):rep(5000), timeout = 1 })
assert(answer.status == 200 and #answer.body == 5000)
assert(not pcall(http.get, url .. "/drop", { timeout = 1 }))
assert(not pcall(http.get, url .. "/cut", { timeout = 1 }))
served:cancel()
print("served")
