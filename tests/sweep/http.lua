-- A client with each way of authentication against a server in the same process; requests overlap.
local secret = require("c.secret")
local server = require("c.server")
local task = require("task")
local wire = require("siterun.wire")
local account = require("c.account")

local ANSWERS = {
  ["/sessions"] = '{"token": "t0k", "expires_at": "2999-01-01T00:00:00Z"}',
  ["/things"] = '{"items": [1, 2, {"id": 3}], "null": null}',
}

local listening <close> = assert(server.listen({ port = 0 }))

local function serve()
  while true do
    task.wait(listening)
    local request = listening:next()
    if request then
      request:respond({
        status = 200,
        headers = { ["Content-Type"] = "application/json" },
        body = ANSWERS[request.path] or "{}",
      })
    end
  end
end

local url = ("http://127.0.0.1:%d"):format(listening:port())

local function connect(auth)
  return assert(account.new({
    service = "swept", url = url, auth = auth, limit = { count = 100, window = 60 },
  }))
end

local accounts = {
  connect({ kind = "none" }),
  connect({ kind = "query", name = "key", secret = secret.new("k3y", "key") }),
  connect({ kind = "basic", user = "a@b", secret = secret.new("w0rd", "password") }),
  connect({
    kind = "session", path = "/sessions", username = "u", password = secret.new("w0rd", "password"),
    token = "token", expires = { "expires_at" },
  }),
}

local serving = task.spawn(serve)
local statuses = task.map(accounts, function(one)
  local response, failure = wire.send({
    account = one, method = "GET", path = "/things", query = { { "a", "b c" } }, timeout = 2,
  })
  return response and #response.json.items or error(failure, 0)
end)
serving:cancel()
print(table.concat(statuses, " "))
