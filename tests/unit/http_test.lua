-- The transport against the scripted peer, and against the program as a whole where the
-- environment matters.
local account = require("c.account")
local http = require("http")
local json = require("json")
local peer = require("tests.peer")
local secret = require("c.secret")
local t = require("tests.t")
local task = require("task")
local wire = require("siterun.wire")

local accounts = 0

-- Each has credentials of its own: a port may come again, and accounts of one address and
-- credentials share their limit.
local function open(listener, o)
  o = o or {}
  accounts = accounts + 1
  o.service, o.url = "peer", listener.url
  o.auth = o.auth or { kind = "header", name = "X-Account", secret = secret.new("account-" .. accounts) }
  return assert(account.new(o))
end

local function send(a, method, path, o)
  o = o or {}
  o.account, o.method, o.path, o.write = a, method, path, method ~= "GET"
  return wire.send(o)
end

---Waits, while the other tasks go on, until so many requests came.
local function await(listener, count)
  for _ = 1, 2000 do
    local record = listener:record()
    if #record.requests >= count then return record end
    task.sleep(0.005)
  end
  error("waited in vain")
end

-- What is sent.

t.test("an address is sent as it is written, whichever came before it", function()
  local listener <close> = peer.listen({}, { { times = 0 } })
  local other <close> = peer.listen({}, { { times = 0 } })
  local targets = { "/", "/a//b/../c/.", "/a?b=c?d/e", "/?", "//127.0.0.1:1/x", "/%zz%2e%00", "/!$&'()*+,;=:@[]|{}^`\"<>\\",
    "/", "/" .. ("long/"):rep(1000), "/a" }
  for _, target in ipairs(targets) do
    http.get(listener.url .. target)
    http.get(other.url .. target .. "other")
  end
  http.get(listener.url)
  http.get(listener.url .. "?a=/b")
  http.get((listener.url:gsub("//", "///")) .. "/c?d")
  local rest = { "/", "/?a=/b", "/c?d" }
  for i, request in ipairs(listener:record().requests) do
    t.equal({ request.target, request.headers.host }, { targets[i] or rest[i - #targets], listener.url:match("//(.*)") })
  end
  for i, request in ipairs(other:record().requests) do
    t.equal({ request.target, request.headers.host }, { targets[i] .. "other", other.url:match("//(.*)") })
  end
end)

t.test("what one call is given the next is not", function()
  local listener <close> = peer.listen({}, { { times = 1 }, { times = 1, cut = { at = "request", how = "stall" } },
    { times = 1, delay_ms = 300 }, { times = 0 } })
  local own = { ["User-Agent"] = "own", ["Accept-Encoding"] = "identity", ["X-Own"] = "1" }
  http.get(listener.url)
  local _, e = pcall(http.get, listener.url, { timeout = 0.1 })
  t.match(e.message, "timed out after %d%d%d milliseconds")
  t.equal(http.get(listener.url).status, 200)
  http.get(listener.url, { headers = own })
  http.get(listener.url, { headers = { ["X-Own"] = "2" } })
  http.get(listener.url)
  local sent = {}
  for i, request in ipairs(listener:record().requests) do
    local headers = request.headers
    sent[i] = { headers["user-agent"]:match("%l+"), headers["accept-encoding"], headers["x-own"] }
  end
  local usual = { "siterun", "gzip" }
  t.equal(sent, { usual, usual, usual, { "own", "identity", "1" }, { "siterun", "gzip", "2" }, usual })
end)

t.test("methods, bodies and lengths", function()
  local listener <close> = peer.listen({}, { { times = 0 } })
  local sent = {
    { "GET", nil, nil }, { "HEAD", nil, nil }, { "DELETE", nil, nil }, { "DELETE", "x", "1" },
    { "PUT", nil, "0" }, { "POST", nil, "0" }, { "PATCH", nil, "0" }, { "POST", "", "0" },
    { "PUT", "a\0b\xFF", "4" }, { "GET", "q", "1" }, { "OPTIONS", nil, "0" },
  }
  for _, each in ipairs(sent) do
    local response = http.request { method = each[1], url = listener.url .. "/p", body = each[2] }
    t.equal({ response.status, response.body }, { 200, "" })
  end
  for i, request in ipairs(listener:record().requests) do
    local method, body, length = table.unpack(sent[i], 1, 3)
    t.equal({ request.method, request.target, request.body, request.headers["content-length"] },
      { method, "/p", body or "", length })
    for _, name in ipairs { "content-type", "expect", "transfer-encoding", "cookie", "authorization", "referer" } do
      t.equal(request.headers[name], nil, name)
    end
    t.match(request.headers["user-agent"], "^siterun/")
  end
end)

t.test("a large body is sent at once and whole", function()
  local listener <close> = peer.listen({}, { { continue = false } })
  local body = ("0123456789abcdef"):rep(200000)
  http.request { method = "PUT", url = listener.url, body = body, headers = { ["Content-Type"] = "text/plain" } }
  local request = listener:record().requests[1]
  t.truthy(request.body == body)
  t.equal({ request.headers.expect, request.headers["content-type"] }, { nil, "text/plain" })
end)

t.test("417 is an answer, not a reason to send the body again", function()
  local listener <close> = peer.listen({}, { { status = 417, times = 2 } })
  t.equal(http.post(listener.url, { body = ("x"):rep(2000000) }).status, 417)
  t.equal(#listener:record().requests, 1)
end)

t.test("queries and headers are encoded, and secrets stay hidden", function()
  local listener <close> = peer.listen({}, { { status = 404 } })
  local key = assert(secret.new("s3cr3t/+value"))
  local response = http.get(listener.url .. "/a?x=1", {
    query = { ["a b"] = "c&d=e", ["ü"] = "100%", flag = true, n = 7 },
    headers = { ["X-Key"] = key, ["X-Text"] = "a\tb ü" },
  })
  local request = listener:record().requests[1]
  t.equal(request.target, "/a?x=1&a%20b=c%26d%3De&flag=true&n=7&%C3%BC=100%25")
  t.equal({ request.headers["x-key"], request.headers["x-text"] }, { "s3cr3t/+value", "a\tb ü" })
  t.match(response.url, "/a%?x=1")
end)

t.test("keys go into the query of reads and writes, and out of sight", function()
  local listener <close> = peer.listen({}, { { times = 2, status = 400 } })
  local auth = { kind = "query", name = "key", secret = secret.new("PRIMARY-1"), read_secret = secret.new("READING-1") }
  local a = open(listener, { auth = auth })
  local read, write = send(a, "GET", "/x?a=b"), send(a, "POST", "/x")
  local requests = listener:record().requests
  t.equal({ requests[1].target, requests[2].target }, { "/x?a=b&key=READING-1", "/x?key=PRIMARY-1" })
  t.equal({ read.url, write.url }, { listener.url .. "/x?a=b&key=***", listener.url .. "/x?key=***" })
end)

t.test("Basic and header authentication are sent with the first request", function()
  local listener <close> = peer.listen({}, { { times = 2 } })
  send(open(listener, { auth = { kind = "basic", user = "ana@example.com", secret = secret.new("pass:word") } }), "GET", "/")
  send(open(listener, { auth = { kind = "header", name = "Authorization", prefix = "Bearer ", secret = secret.new("tok-en") } }),
    "GET", "/")
  local requests = listener:record().requests
  t.equal({ requests[1].headers.authorization, requests[2].headers.authorization },
    { "Basic YW5hQGV4YW1wbGUuY29tOnBhc3M6d29yZA==", "Bearer tok-en" })
end)

-- What is refused before anything is sent.

local REFUSED = {
  ["CR in a header"] = { { headers = { A = "b\rX: y" } }, "control character" },
  ["LF in a header"] = { { headers = { A = "b\nX: y" } }, "control character" },
  ["NUL in a header"] = { { headers = { A = "b\0c" } }, "control character" },
  ["LF in a header's name"] = { { headers = { ["A\nB"] = "c" } }, "header name" },
  ["NUL in a header's name"] = { { headers = { ["A\0B"] = "c" } }, "NUL" },
  ["a colon in a header's name"] = { { headers = { ["A:"] = "c" } }, "header name" },
  ["an empty header name"] = { { headers = { [""] = "c" } }, "header name" },
  ["a length of one's own"] = { { headers = { ["content-Length"] = "3" } }, "set by siterun" },
  ["chunks of one's own"] = { { headers = { ["Transfer-Encoding"] = "chunked" } }, "set by siterun" },
  ["another host"] = { { headers = { Host = "example.com" } }, "set by siterun" },
  ["LF in the query"] = { { query = { a = "b\nc" } }, "NUL, CR or LF" },
  ["NUL in the query's name"] = { { query = { ["a\0"] = "b" } }, "NUL, CR or LF" },
  ["a query of a table"] = { { query = { a = {} } }, "string, number or secret" },
  ["CR in the URL"] = { { url = "/a\rb" }, "control character" },
  ["LF in the URL"] = { { url = "/a\nb" }, "control character" },
  ["NUL in the URL"] = { { url = "/a\0b" }, "NUL" },
  ["a space in the URL"] = { { url = "/a b" }, "space" },
  ["a fragment"] = { { url = "/a#b" }, "fragment" },
  ["an empty fragment"] = { { url = "/a#" }, "fragment" },
  ["a method with CR LF"] = { { method = "GET /x HTTP/1.1\r\nA:" }, "method" },
  ["a method with a space"] = { { method = "GET /x" }, "method" },
  ["a method with NUL"] = { { method = "GET\0" }, "NUL" },
  ["an empty method"] = { { method = "" }, "method" },
  ["a method of another type"] = { { method = 5 }, "string expected" },
  ["an unknown option"] = { { querry = {} }, "did you mean \"query\"" },
  ["json and body"] = { { json = {}, body = "" }, "exclude each other" },
  ["a proxy that is none"] = { { proxy = "ftp://me:hidden@127.0.0.1:1" }, "proxy is not the address of a proxy" },
  ["a timeout of 0"] = { { timeout = 0 }, "^option 'timeout'" },
}

for what, case in pairs(REFUSED) do
  t.test("refused before sending: " .. what, function()
    local listener <close> = peer.listen()
    local o = {}
    for name, value in pairs(case[1]) do o[name] = value end
    o.url = listener.url .. (o.url or "/")
    t.match(t.raises(function() http.request(o) end, "usage").message, case[2])
    local record = listener:record()
    t.equal({ #record.requests, record.connections }, { 0, 0 })
  end)
end

for url, why in pairs {
  ["http://example.com/"] = "plain http to example.com", ["http://127.0.0.1.example.com/"] = "plain http",
  ["http://localhost.example.com/"] = "plain http", ["http://10.0.0.1/"] = "plain http",
  ["http://127.0.0.2/"] = "plain http", ["http://[::2]/"] = "plain http", ["ftp://127.0.0.1/"] = "scheme",
  ["file:///etc/passwd"] = "", ["https://user:pw@example.com/"] = "user name", ["https://"] = "URL",
  ["example.com"] = "URL", ["/path"] = "URL", [""] = "URL", ["gopher://localhost"] = "scheme",
  ["http://127.0.0.1@example.com/"] = "", ["https://example.com:99999/"] = "URL",
} do
  t.test("refused address: " .. url, function()
    t.match(t.raises(function() http.get(url, { timeout = 1 }) end, "usage").message, why)
  end)
end

t.test("paths that leave the base address are refused", function()
  local listener <close> = peer.listen()
  local a = open(listener)
  for _, path in ipairs { "/../x", "/a/..", "/a/%2e%2E/b", "/./a", "/a/.%2e", "//evil.example/x", "relative", "",
    "/a b", "/a\r\nX: y", "/a#b", "/\0", "/ü" } do
    local response, e = send(a, "GET", path)
    t.equal({ response, e.kind, e.sent, e.attempts }, { nil, "usage", "no", 0 }, path)
  end
  t.equal(listener:record().connections, 0)
end)

-- Certificates.

local function tls(kind, o)
  return peer.listen({ tls = kind, tls_max = o and o.tls_max }, { { body = "ok", times = 0 } })
end

t.test("a certificate of a private authority is good with ca_file only", function()
  local listener <close> = tls("good")
  t.equal(http.get(listener.url, { ca_file = listener.ca_file }).body, "ok")
  t.equal(http.get((listener.url:gsub("127.0.0.1", "localhost")), { ca_file = listener.ca_file }).body, "ok")
  t.match(t.raises(function() http.get(listener.url) end, "network").message, "certificate")
  t.equal(send(open(listener, { ca_file = listener.ca_file }), "GET", "/").body, "ok")
  t.equal(select(2, send(open(listener), "POST", "/")).kind, "network")
end)

for kind, words in pairs { ["self-signed"] = "self.signed", expired = "expired", ["other-host"] = "no alternative certificate" } do
  t.test("a bad certificate gets nothing: " .. kind, function()
    local listener <close> = tls(kind)
    for _, method in ipairs { "GET", "POST" } do
      local e = t.raises(function()
        http.request { method = method, url = listener.url, ca_file = listener.ca_file }
      end, "network")
      t.match(e.message, words)
      t.equal({ e.sent, e.attempts }, { "no", 0 })
    end
    t.equal(#listener:record().requests, 0)
  end)
end

t.test("old TLS and a ca_file that is not there are errors", function()
  local old <close> = tls("good", { tls_max = "TLSv1.1" })
  t.equal(t.raises(function() http.get(old.url, { ca_file = old.ca_file }) end, "network").sent, "no")
  local e = t.raises(function() http.get(old.url, { ca_file = "/nowhere.pem" }) end, "config")
  t.match(e.message, "/nowhere.pem")
end)

t.test("plain http on a TLS port and TLS on a plain port fail", function()
  local plain <close> = peer.listen({}, { { times = 0 } })
  local secure <close> = tls("good")
  for _, url in ipairs { plain.url:gsub("^http", "https"), (secure.url:gsub("^https", "http")) } do
    local e = t.raises(function() http.get(url, { timeout = 0.3 }) end)
    t.truthy(e.kind == "network" or e.kind == "timeout", e.kind)
  end
  t.equal({ plain:record().requests, secure:record().requests }, { json.array {}, json.array {} })
end)

t.test("HTTP/2 over TLS, on one connection for reads one after the other", function()
  local listener <close> = peer.listen({ tls = "good", h2 = true }, { { times = 0, json = { a = 1 }, headers = { ["X-A"] = "b" } } })
  for _ = 1, 3 do
    local response = http.get(listener.url, { ca_file = listener.ca_file })
    t.equal({ response.json, response.headers["x-a"] }, { { a = 1 }, "b" })
  end
  http.request { method = "PUT", url = listener.url, ca_file = listener.ca_file }
  local record = listener:record()
  t.equal({ record.requests[1].version, record.connections, record.requests[4].headers["content-length"] }, { "2", 1, "0" })
end)

t.test("an HTTP/2 stream that is reset is an error; a write's outcome is unknown", function()
  local listener <close> = peer.listen({ tls = "good", h2 = true }, { { times = 0, cut = { how = "reset" } } })
  local o = { ca_file = listener.ca_file, timeout = 5 }
  t.raises(function() http.get(listener.url, o) end, "network")
  t.raises(function() http.post(listener.url, o) end, "unknown_outcome")
  t.equal(#listener:record().requests, 2)
end)

-- Answers.

t.test("redirects are answers", function()
  local other <close> = peer.listen()
  local replies = {}
  for i, status in ipairs { 301, 302, 303, 307, 308 } do
    replies[i] = { status = status, headers = { Location = other.url .. "/x" } }
  end
  local listener <close> = peer.listen({}, replies)
  for _, reply in ipairs(replies) do
    local response = http.get(listener.url)
    t.equal({ response.status, response.headers.location }, { reply.status, other.url .. "/x" })
  end
  t.equal(other:record().connections, 0)
end)

t.test("headers: case, repeats, interim answers, chunks with trailers", function()
  local listener <close> = peer.listen({}, {
    { headers = { { "X-One", "a" }, { "x-one", "b" }, { "Empty", "" } }, interim = { "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" } },
    { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Two:  padded \t\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: t\r\n\r\n" },
  })
  local one, two = http.get(listener.url), http.get(listener.url)
  t.equal({ one.headers["x-one"], one.headers.empty, one.headers.link }, { "a, b", "", nil })
  t.equal({ two.body, two.headers["x-two"], two.headers["x-trailer"] }, { "abc", "padded", nil })
end)

t.test("gzip is asked for and unpacked; what is no gzip is a decode error", function()
  local listener <close> = peer.listen({}, { { gzip = true, body = ("ab"):rep(50000) },
    { headers = { ["Content-Encoding"] = "gzip" }, body = "not packed" } })
  t.equal(http.get(listener.url).body, ("ab"):rep(50000))
  t.match(listener:record().requests[1].headers["accept-encoding"], "gzip")
  t.raises(function() http.get(listener.url) end, "decode")
end)

t.test("a packed bomb and a large body stop at body_max", function()
  local listener <close> = peer.listen({}, { { gzip = true, ["repeat"] = { text = "0", times = 20000000 } },
    { body = ("x"):rep(1001) }, { body = ("x"):rep(1000) }, { body = "x", endless = true } })
  local function get(max) return http.get(listener.url, { body_max = max }) end
  t.match(t.raises(function() get(1000000) end, "decode").message, "1000000 bytes")
  t.raises(function() get(1000) end, "decode")
  t.equal(#get(1000).body, 1000)
  t.raises(function() get(1000) end, "decode")
end)

t.test("headers without end are refused", function()
  local long = {}
  for i = 1, 40 do long[i] = { "X-" .. i, ("y"):rep(8000) } end
  local listener <close> = peer.listen({}, { { headers = long }, { headers = { A = ("z"):rep(200000) } } })
  t.raises(function() http.get(listener.url) end, "decode")
  t.match(t.raises(function() http.get(listener.url) end, "decode").message, "header")
end)

t.test("an answer that announces too much is not waited for", function()
  local listener <close> = peer.listen({}, { { times = 2, length = 1001, body = "abc" }, { times = 2, length = 1001 },
    { length = "99999999999999999999", body = "abc" } })
  local function ask(method) return http.request { method = method, url = listener.url, body_max = 1000, timeout = 20 } end
  t.match(t.raises(function() ask "GET" end, "decode").message, "1000 bytes")
  t.raises(function() ask "POST" end, "unknown_outcome")
  t.equal({ ask("HEAD").status, ask("HEAD").headers["content-length"] }, { 200, "1001" })
  t.raises(function() ask "GET" end, "decode")
end)

t.test("what is no JSON raises when it is read", function()
  local listener <close> = peer.listen({}, { { body = "<html>" }, { body = "" }, { body = "\xEF\xBB\xBF[1]" }, { body = '{"a":' } })
  local e = t.raises(function() return http.get(listener.url).json end, "decode")
  t.equal({ e.status, e.sent, e.attempts }, { 200, "yes", 1 })
  t.equal(http.get(listener.url).json, nil)
  t.equal(http.get(listener.url).json, json.array { 1 })
  t.raises(function() return http.get(listener.url).json end, "decode")
end)

t.test("an answer that is not meant to be JSON has none", function()
  local function typed(kind, body) return { body = body, headers = { ["Content-Type"] = kind } } end
  local listener <close> = peer.listen({}, { typed("text/plain; charset=utf-8", "ok"), typed("text/html", "<p>"),
    typed("text/plain", "[1]"), typed("application/problem+json", "oops"), typed("application/json", "null") })
  local function read() return http.get(listener.url).json end
  t.equal({ read(), read() }, {})
  t.equal(read(), json.array { 1 })
  t.raises(read, "decode")
  t.equal(read(), json.null)
end)

local BROKEN = {
  ["a length that is never reached"] = { length = 9, body = "abc", close = true },
  ["chunks that break off"] = { framing = "chunked", body = "abcdef", cut = { at = "reply", body_bytes = 6, how = "fin" } },
  ["a reset in the body"] = { body = ("abc"):rep(10), cut = { at = "reply", body_bytes = 6 } },
  ["a reset in the headers"] = { body = "abc", cut = { at = "reply", bytes = 20 } },
  ["an end in the headers"] = { body = "abc", cut = { at = "reply", bytes = 20, how = "fin" } },
  ["a reset instead of an answer"] = { cut = { at = "request" } },
  ["an end instead of an answer"] = { cut = { at = "request", how = "fin" } },
  ["a reset after the head"] = { cut = { at = "head" } },
  ["something that is no HTTP"] = { raw = "SSH-2.0-OpenSSH_9.2\r\n\r\n", close = "silent" },
  ["a packed body that breaks off"] = { gzip = true, body = ("abc"):rep(9999), length = 10000, close = true },
}

for what, reply in pairs(BROKEN) do
  t.test("broken: " .. what, function()
    reply.times = 0
    local listener <close> = peer.listen({}, { reply })
    local e = t.raises(function() http.get(listener.url, { timeout = 5 }) end)
    t.truthy(e.kind == "network" or e.kind == "decode", e.kind)
    t.equal({ e.sent, e.attempts }, { "unknown", 1 })
    for _, method in ipairs { "POST", "PUT", "DELETE" } do
      e = t.raises(function() http.request { method = method, url = listener.url, timeout = 5 } end, "unknown_outcome")
      t.equal({ e.sent, e.attempts, e.retryable }, { "unknown", 1, false })
    end
    t.equal(#listener:record().requests, 4)
  end)
end

t.test("a reset while a large body is on its way", function()
  local listener <close> = peer.listen({}, { { times = 0, cut = { at = "body", bytes = 1000 } } })
  local e = t.raises(function() http.post(listener.url, { body = ("x"):rep(30000000), timeout = 10 }) end, "unknown_outcome")
  t.equal(e.sent, "unknown")
end)

t.test("stalls end with the timeout", function()
  local listener <close> = peer.listen({}, { { cut = { at = "request", how = "stall" } },
    { body = "abc", cut = { at = "reply", body_bytes = 1, how = "stall" } }, { cut = { at = "request", how = "stall" } } })
  t.raises(function() http.get(listener.url, { timeout = 0.1 }) end, "timeout")
  t.raises(function() http.get(listener.url, { timeout = 0.1 }) end, "timeout")
  t.raises(function() http.post(listener.url, { timeout = 0.1 }) end, "unknown_outcome")
  local silent <close> = peer.listen { accept = "stall" }
  t.raises(function() http.get(silent.url, { timeout = 0.1 }) end, "timeout")
end)

t.test("nobody there: nothing was sent, also of a write", function()
  local gone = peer.listen()
  gone:close()
  for _, method in ipairs { "GET", "POST" } do
    local e = t.raises(function() http.request { method = method, url = gone.url } end, "network")
    t.equal({ e.sent, e.attempts }, { "no", 0 })
  end
  local e = t.raises(function() http.post("https://no-such-host.invalid/", { timeout = 10 }) end)
  t.equal({ e.kind == "network" or e.kind == "timeout", e.sent }, { true, "no" })
end)

-- Connections.

t.test("connections are reused, one for each call under way", function()
  local listener <close> = peer.listen({}, { { times = 0, hold = "go" } })
  listener:release("go")
  for _ = 1, 5 do http.get(listener.url) end
  t.equal(listener:record().connections, 1)
  listener:script { { times = 0, hold = "later" } }
  local calls = {}
  for i = 1, 3 do
    calls[i] = task.spawn(http.get, listener.url)
  end
  await(listener, 3)
  listener:release("later")
  task.map(calls, function(call) return call:join() end)
  t.equal(listener:record().connections, 3)
end)

t.test("a connection that the server closed is not taken again", function()
  local listener <close> = peer.listen({}, { { times = 2, close = true } })
  http.get(listener.url)
  http.post(listener.url)
  t.equal(listener:record().connections, 2)
end)

---One call that leaves a connection open, then one on it that gets no answer.
local function on_dying_connection(method, how)
  local listener = peer.listen({}, { { on = "GET /first" }, { cut = { at = "request", how = how } }, { times = 0, body = "again" } })
  local a = open(listener, { limit = { count = 10, window = 60 } })
  t.truthy(send(a, "GET", "/first"))
  local response, e = send(a, method, "/second", { timeout = 5 })
  local copies = {}
  for _, request in ipairs(listener:record().requests) do
    if request.target == "/second" then copies[#copies + 1] = request.number end
  end
  local used = a:limits().used
  listener:close()
  return response, e, copies, used
end

t.test("headers of too many bytes in all are refused before anything is sent", function()
  local headers = {}
  for i = 1, 3 do headers["X-" .. i] = ("h"):rep(100000) end
  local listener <close> = peer.listen({}, {})
  local e = t.raises(function() http.get(listener.url, { headers = headers }) end, "usage")
  t.match(e.message, "headers over the limit of 262144 bytes")
  t.equal(listener:record().connections, 0)
end)

t.test("a read is repeated however often connections died before", function()
  local script = { { body = "0" } }
  for i = 1, 8 do
    script[#script + 1] = { cut = { at = "request", how = "fin" } }
    script[#script + 1] = { body = tostring(i) }
  end
  local listener <close> = peer.listen({}, script)
  for i = 0, 8 do t.equal(http.get(listener.url).body, tostring(i)) end
end)

for _, how in ipairs { "fin", "reset" } do
  for _, method in ipairs { "POST", "PUT", "DELETE" } do
    t.test(method .. " on a connection that dies by " .. how .. " is sent once", function()
      local response, e, copies, used = on_dying_connection(method, how)
      t.equal(response, nil)
      t.equal({ e.kind, e.sent, e.attempts }, { "unknown_outcome", "unknown", 1 })
      t.equal({ copies, used }, { { 2 }, 2 })
    end)
  end

  t.test("GET on a connection that dies by " .. how .. " is repeated once, with a slot of its own", function()
    local response, _, copies, used = on_dying_connection("GET", how)
    t.equal({ response.body, response.attempts }, { "again", 2 })
    t.equal({ copies, used }, { { 2, 1 }, 3 })
  end)
end

t.test("a read whose repeat dies too is an error after two copies", function()
  local listener <close> = peer.listen({}, { { on = "GET /first" }, { times = 0, cut = { at = "request", how = "fin" } } })
  http.get(listener.url .. "/first")
  local e = t.raises(function() http.get(listener.url .. "/second") end, "network")
  t.equal({ e.attempts, #listener:record().requests }, { 2, 3 })
end)

-- Cancelling.

t.test("a write that is cut off says so to whoever cancelled it, a read does not", function()
  local listener <close> = peer.listen({}, { { times = 0, cut = { at = "request", how = "stall" } } })
  local function call(f) return function() return f(listener.url) end end
  local e = t.raises(function() task.timeout(0.2, call(http.post)) end, "unknown_outcome")
  t.equal({ e.sent, e.url }, { "unknown", listener.url })
  t.raises(function() task.timeout(0.05, call(http.get)) end, "timeout")
  t.raises(function()
    task.timeout(0.1, task.map, { http.get, http.post, http.get, http.get }, function(f) return f(listener.url) end)
  end, "unknown_outcome")
  local count = #listener:record().requests
  e = t.raises(function()
    task.all { call(http.post), function() await(listener, count + 1) error("first failure", 0) end }
  end, "unknown_outcome")
  t.match(e.message, "cancelled after it had been sent, since another task failed: first failure")
end)

t.test("after a cancelled call its slot is held, as it may have arrived", function()
  local listener <close> = peer.listen({}, { { times = 0, cut = { at = "request", how = "stall" } } })
  local a = open(listener, { limit = { count = 10, window = 60 } })
  pcall(task.timeout, 0.1, send, a, "GET", "/")
  t.equal({ a:limits().used, #listener:record().requests }, { 1, 1 })
end)

-- The limit, and the service's own.

t.test("calls beyond the limit wait for the window", function()
  local listener <close> = peer.listen({}, { { times = 0 } })
  local a = open(listener, { limit = { count = 3, window = 0.2 } })
  local started = require("c.clock").monotonic()
  task.map({ 1, 2, 3, 4, 5, 6, 7 }, function() assert(send(a, "GET", "/")) end)
  t.truthy(require("c.clock").monotonic() - started >= 0.4, "two windows passed")
  t.equal(a:limits().limit, 3)
end)

t.test("Retry-After, in seconds or as a date, holds the account's other calls", function()
  local listener <close> = peer.listen({}, {
    { status = 429, headers = { ["Retry-After"] = "0.2" } }, { body = "later" },
    { status = 503, headers = { Date = "Wed, 21 Oct 2015 07:28:00 GMT", ["Retry-After"] = "Wed, 21 Oct 2015 07:28:42 GMT" } },
    { status = 429, headers = { ["Retry-After"] = "soon" } },
  })
  local a = open(listener, { limit = { count = 100, window = 1 } })
  local started = require("c.clock").monotonic()
  local later = send(a, "GET", "/")
  t.equal({ later.body, later.attempts }, { "later", 2 })
  t.truthy(require("c.clock").monotonic() - started >= 0.2)
  t.equal(send(a, "GET", "/", { deadline = 10 }).retry_after, 42.0)
  t.truthy(a:limits().wait > 30)
  t.equal(http.get(listener.url).retry_after, nil)
end)

t.test("two accounts of one service share its limit, and the stricter one counts", function()
  local listener <close> = peer.listen({}, { { times = 0 } })
  local function auth(key) return { kind = "query", name = "key", secret = secret.new(key) } end
  local one = open(listener, { auth = auth("same-key"), limit = { count = 100, window = 60 } })
  local two = open(listener, { auth = auth("same-key"), limit = { count = 50, window = 60 }, proxy = "http://127.0.0.1:1" })
  local other = open(listener, { auth = auth("other-key"), limit = { count = 100, window = 60 } })
  for _ = 1, 3 do send(one, "GET", "/") end
  t.equal({ one:limits().used, two:limits().used, other:limits().used }, { 3, 3, 0 })
  t.equal({ one:limits().limit, two:limits().limit, other:limits().limit }, { 50, 50, 100 })
end)

-- The environment.

local GET = "local r = require('http').get(arg[1], { timeout = 5, ca_file = arg[2] }) print(r.status, r.body)"

local function program(listener, env)
  return t.siterun { args = { "-e", "arg = arg", t.write(t.scratch .. "/get.lua", GET), listener.url, listener.ca_file }, env = env }
end

t.test("proxies of the environment and netrc are not asked", function()
  local proxy <close> = peer.listen({}, { { times = 0, body = "proxied" } })
  local listener <close> = peer.listen({}, { { times = 0, body = "direct" } })
  os.execute("mkdir -p " .. t.scratch .. "/netrc-home")
  local home = t.scratch .. "/netrc-home"
  t.write(home .. "/.netrc", "machine 127.0.0.1 login me password netrc-secret\ndefault login me password x\n")
  os.execute("chmod 600 " .. home .. "/.netrc")
  local result = program(listener, { http_proxy = proxy.url, https_proxy = proxy.url, all_proxy = proxy.url,
    ALL_PROXY = proxy.url, no_proxy = "", HOME = home, NETRC = home .. "/.netrc" })
  t.equal({ result.stdout, result.stderr }, { "200\tdirect\n", "" })
  t.equal(listener:record().requests[1].headers.authorization, nil)
  t.equal(proxy:record().connections, 0)
end)

t.test("a configured proxy is used, whatever the environment says", function()
  local proxy <close> = peer.listen({}, { { times = 0, tunnel = true } })
  local listener <close> = peer.listen({ tls = "good" }, { { times = 0, body = "tunnelled" } })
  local auth = { kind = "header", name = "Authorization", secret = secret.new("only-inside") }
  local response = send(open(listener, { proxy = proxy.url, ca_file = listener.ca_file, auth = auth }), "GET", "/x")
  t.equal(response.body, "tunnelled")
  local request = proxy:record().requests[1]
  t.equal({ request.method, request.headers.authorization }, { "CONNECT", nil })
  local refusing <close> = peer.listen({}, { { times = 0, status = 407 } })
  local _, e = send(open(listener, { proxy = refusing.url, ca_file = listener.ca_file }), "POST", "/x")
  t.equal({ e.kind, e.sent }, { "network", "no" })
end)

t.test("SSLKEYLOGFILE is ignored", function()
  local listener <close> = peer.listen({ tls = "good" }, { { times = 0, body = "secret" } })
  local file = t.scratch .. "/keylog"
  os.remove(file)
  t.equal(program(listener, { SSLKEYLOGFILE = file }).stdout, "200\tsecret\n")
  t.equal(io.open(file), nil)
end)

t.test("SSL_CERT_FILE makes no authority trusted", function()
  local listener <close> = peer.listen({ tls = "good" }, { { times = 0, body = "x" } })
  local result = t.siterun { args = { t.write(t.scratch .. "/get.lua", GET), listener.url },
    env = { SSL_CERT_FILE = listener.ca_file, CURL_CA_BUNDLE = listener.ca_file } }
  t.equal(result.code, 5)
  t.match(result.stderr, "certificate")
end)

t.test("--trace writes one line for each exchange, without secrets", function()
  local listener <close> = peer.listen({}, { { times = 0, body = "x" } })
  local text = [[
    local a = require("c.account").new { service = "s", url = arg[1],
      auth = { kind = "query", name = "key", secret = require("c.secret").new("hidden-key") } }
    require("siterun.wire").send { account = a, method = "GET", path = "/a" }]]
  local result = t.siterun { args = { "--trace", t.write(t.scratch .. "/trace.lua", text), listener.url } }
  t.match(result.stderr, "^siterun: GET http://127.0.0.1:%d+/a%?key=%*%*%* 200, 1 bytes, %d+ ms\n$")
end)

t.test("the run's deadline cuts a call short, with exit 6", function()
  local listener <close> = peer.listen({}, { { times = 0, cut = { at = "request", how = "stall" } } })
  local result = t.siterun { args = { "--deadline", "300ms", t.write(t.scratch .. "/get.lua", GET), listener.url } }
  t.equal(result.code, 6, result.stderr)
end)
