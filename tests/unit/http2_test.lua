-- A request over HTTP/2 whose connection or stream ends after it was read arrives once: libcurl sends
-- such requests again by itself, also those that the server says it refused.
local account = require("c.account")
local peer = require("tests.peer")
local secret = require("c.secret")
local t = require("tests.t")
local wire = require("siterun.wire")

local ENDS = {
  { name = "the connection's end", cut = { how = "fin" } },
  { name = "an internal error", cut = { how = "reset", code = "NGHTTP2_INTERNAL_ERROR" } },
  { name = "a refused stream", cut = { how = "reset", code = "NGHTTP2_REFUSED_STREAM" } },
}

-- One call that leaves a connection open, then one on it that gets no answer. Returns what came of the
-- second, and the connection of each copy of it.
local function on_dying_connection(method, cut)
  local listener <close> = peer.listen({ tls = "good", h2 = true },
    { { on = "GET /first" }, { cut = cut }, { times = 0, body = "again" } })
  local a = assert(account.new { service = "peer", url = listener.url, ca_file = listener.ca_file,
    auth = { kind = "header", name = "X-Account", secret = secret.new("http2-" .. listener.port) } })
  local function send(method_of_it, path)
    return wire.send { account = a, method = method_of_it, path = path, write = method_of_it ~= "GET",
      body = method_of_it == "POST" and "x" or nil, timeout = 5 }
  end
  t.truthy(send("GET", "/first"))
  local response, e = send(method, "/second")
  local copies = {}
  for _, request in ipairs(listener:record().requests) do
    t.equal(request.version, "2")
    if request.target == "/second" then copies[#copies + 1] = request.connection end
  end
  return response, e, copies
end

for _, ending in ipairs(ENDS) do
  for _, method in ipairs { "POST", "PUT", "DELETE" } do
    t.test(method .. " over HTTP/2 that ends by " .. ending.name .. " is sent once", function()
      local response, e, copies = on_dying_connection(method, ending.cut)
      t.equal(response, nil)
      t.equal({ e.kind, e.sent, e.attempts }, { "unknown_outcome", "unknown", 1 })
      t.equal(copies, { 1 })
    end)
  end

  t.test("GET over HTTP/2 that ends by " .. ending.name .. " is repeated with a slot of its own", function()
    local response, _, copies = on_dying_connection("GET", ending.cut)
    t.equal({ response.body, response.attempts, #copies }, { "again", 2, 2 })
  end)
end
