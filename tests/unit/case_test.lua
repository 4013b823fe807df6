-- The case runner and the peer are tools that must notice what is wrong; curl is the client
-- here.
local case = require "tests.case"
local peer = require "tests.peer"
local t = require "tests.t"

local function curl(arguments)
  local pipe <close> = assert(io.popen("curl -sS -m 10 " .. arguments .. " 2>&1"))
  local text = pipe:read "a"
  local ok = pipe:close()
  if not ok then error { kind = "network", message = text } end
  return text
end

local POST = { "POST /a?b=c", headers = { ["content-type"] = "text/plain",
  authorization = false }, body = "x\0y\xFF" }

local function post(listener)
  return curl("-H 'Content-Type: text/plain' --data-binary @- " .. listener.url .. "/a?b=c <"
    .. t.quote(t.write(t.scratch .. "/body", "x\0y\xFF")))
end

case "bytes are compared exactly" {
  given = { { json = { id = 7 } } },
  call = post,
  sends = { POST },
  result = '{"id":7}',
  connections = 1,
}

case "replies go by their route, and errors have fields" {
  given = { { on = "GET /two", body = "2" }, { on = "GET /one*", body = "1", times = 2 },
    { cut = { at = "request" } } },
  call = function(listener)
    local out = curl(listener.url .. "/one " .. listener.url .. "/one/more")
      .. curl(listener.url .. "/two")
    t.equal(out, "112")
    return curl(listener.url .. "/three")
  end,
  sends = { "GET /one", "GET /one/more", "GET /two", "GET /three" },
  error = { kind = "network", message = "reset" },
  connections = 3,
}

local MISTAKES = {
  { "another request", { sends = { "POST /a?b=d" } } },
  { "number of requests", { sends = {} } },
  { "header authorization", { sends = { { "POST /a?b=c",
  headers = { authorization = "x" } } } } },
  { "header content%-type", { sends = { { "POST /a?b=c",
  headers = { ["content-type"] = false } } } } },
  { "body of POST", { sends = { { "POST /a?b=c", body = "xy" } } } },
  { "the result", { result = "no" } },
  { "error was expected", { error = { kind = "server" } } },
  { "connections", { connections = 2 } },
  { "not asked for", { given = { { body = "" }, { body = "" } } } },
}

t.test("a case fails when anything differs", function()
  for _, row in ipairs(MISTAKES) do
    local spec = { given = { { body = "" } }, call = post }
    for name, value in pairs(row[2]) do spec[name] = value end
    t.raises(function() case.check(spec) end, row[1])
  end
end)

local FAULTS = {
  { { cut = { at = "head" } }, "reset" }, { { cut = { at = "request",
  how = "fin" } }, "Empty reply" }, { { length = 9, body = "abc",
  close = true }, "9 bytes|6 bytes" },
  { { body = "abcdef", cut = { at = "reply", body_bytes = 3, how = "fin" } }, "3 bytes" },
  { { raw = "hello\r\n\r\n", close = "silent" }, "HTTP/0.9" },
}

t.test("faults are what they say", function()
  for _, row in ipairs(FAULTS) do
    local listener <close> = peer.listen({}, { row[1] })
    local e = t.raises(function() curl(listener.url) end, "network")
    local found = false
    for words in row[2]:gmatch "[^|]+" do
      found = found or e.message:find(words, 1, true) ~= nil
    end
    t.truthy(found, e.message)
  end
end)

t.test("certificates are good, or bad in the way that is asked for", function()
  for kind, words in pairs { good = false, expired = "expired", ["other-host"] = "subject name",
    ["self-signed"] = "self" } do
    local listener <close> = peer.listen({ tls = kind }, { { body = "ok" } })
    local ok, e = pcall(curl, "--cacert " .. listener.ca_file .. " " .. listener.url)
    t.equal(ok, not words)
    if words then t.match(e.message, words) else t.equal(e, "ok") end
  end
end)

t.test("HTTP/2 answers from the same script", function()
  local listener <close> = peer.listen({ tls = "good", h2 = true }, { { json = { a = 1 } } })
  t.equal(curl("--http2 --cacert " .. listener.ca_file .. " " .. listener.url), '{"a":1}')
  t.equal(listener:record().requests[1].version, "2")
end)

t.test("a held reply waits for its release", function()
  local listener <close> = peer.listen({}, { { hold = "a", body = "late" } })
  local pipe <close> = assert(io.popen("curl -s " .. listener.url))
  t.equal(listener:wait({ requests = 1 }).open, 1)
  listener:release "a"
  t.equal(pipe:read "a", "late")
  t.equal(listener:wait({ open = 0 }).connections, 1)
end)
