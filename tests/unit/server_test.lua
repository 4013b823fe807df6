local loop = require("c.loop")
local server = require("c.server")
local t = require("tests.t")

local calls = 0

---Starts curl beside this process.
---@return string path of the file that will hold what it prints and then its exit code
local function curl(listening, path, options)
  calls = calls + 1
  local file = ("%s/curl%d"):format(t.scratch, calls)
  local url = ("http://127.0.0.1:%d%s"):format(listening:port(), path)
  local form = "(curl -s -g --max-time 20 -w ' %%{http_code}' %s %s; echo \"\n$?\") > %s 2>&1 &"
  t.write(file, "")
  assert(os.execute(form:format(options or "", t.quote(url), t.quote(file))))
  return file
end

local function pause(seconds)
  local timer <close> = loop.timer(seconds)
  while not timer:ready() do
    loop.step()
  end
end

---@return string text what curl printed: the body and the status
---@return integer code curl's exit code
local function finish(file)
  local text, code
  for _ = 1, 1000 do
    pause(0.02)
    text, code = t.read(file):match("^(.*)\n(%d+)\n$")
    if code then
      return text, math.tointeger(code)
    end
  end
  error("curl did not end")
end

local function next_request(listening)
  while not listening:ready() do
    loop.step()
  end
  return listening:next()
end

t.test("gives a request with its fields, and sends the answer", function()
  local listening <close> = assert(server.listen {})
  t.equal({ listening:ready(), listening:next() }, { false, nil })
  local call = curl(listening, "/a%20b?x=1&y", "-H 'X-Thing: v' -d hello")
  local request = next_request(listening)
  t.equal({ request.method, request.path, request.query, request.body },
    { "POST", "/a%20b", "x=1&y", "hello" })
  t.equal({ request.headers["x-thing"], request.headers["content-length"] }, { "v", "5" })
  t.equal(math.type(request.arrived), "integer")
  t.equal(request.nothing, nil)
  t.equal(request:respond { status = 201, headers = { { "X-Own", "1" } }, body = "done" }, true)
  t.equal({ finish(call) }, { "done 201", 0 })
end)

t.test("an answered request is closed, and so is everything of a closed server", function()
  local listening <close> = assert(server.listen {})
  local one = curl(listening, "/1")
  local first = next_request(listening)
  local two = curl(listening, "/2")
  local second = next_request(listening)
  first:drop()
  for _, method in ipairs { "respond", "drop", "stall", "truncate" } do
    t.raises(function() first[method](first, { status = 200 }) end, "closed")
  end
  t.equal(select(2, finish(one)), 52)
  listening:close()
  listening:close()
  t.equal(select(2, finish(two)), 52)
  t.raises(function() second:drop() end, "closed")
  for _, method in ipairs { "port", "ready", "next" } do
    t.raises(function() listening[method](listening) end, "closed")
  end
end)

t.test("a request that is forgotten is dropped", function()
  local listening <close> = assert(server.listen {})
  local call = curl(listening, "/")
  next_request(listening)
  collectgarbage()
  collectgarbage()
  t.equal(select(2, finish(call)), 52)
end)

t.test("truncates the body, by half or as told", function()
  local listening <close> = assert(server.listen {})
  for _, sent in ipairs { false, 2 } do
    local call = curl(listening, "/")
    local answer = { status = 200, body = "12345678", sent = sent or nil }
    t.equal(next_request(listening):truncate(answer), true)
    local text, code = finish(call)
    t.equal({ text:match("^%d+"), code }, { sent and "12" or "1234", 18 })
  end
end)

t.test("mistakes raise and leave the request to be answered", function()
  local listening <close> = assert(server.listen {})
  local call = curl(listening, "/")
  local request = next_request(listening)
  t.raises(function() request:respond { stauts = 200 } end, "status")
  t.raises(function() request:respond { status = 99 } end, "status")
  t.raises(function() request:respond { status = 200, headers = { "X: 1" } } end, "header")
  t.raises(function() request:respond { status = 200, headers = { { "X", 1 } } } end, "header")
  local sent, err = request:respond { status = 200, headers = { { "X", "1\r\nY: 2" } } }
  t.equal({ sent, err.kind }, { nil, "usage" })
  t.equal(request:respond { status = 204 }, true)
  t.equal({ finish(call) }, { " 204", 0 })
end)

t.test("options are checked, and a taken port is a failure", function()
  t.raises(function() server.listen { prot = 1 } end, "port")
  t.raises(function() server.listen { port = 70000 } end, "port")
  local listening <close> = assert(server.listen {})
  local second, err = server.listen { port = listening:port() }
  t.equal({ second, err.kind }, { nil, "network" })
  t.match(err.message, "in use")
end)

t.test("a body over the limit is answered 413 and never seen", function()
  local listening <close> = assert(server.listen { body_max = 4 })
  local call = curl(listening, "/", "-d 12345")
  local text = finish(call)
  t.match(text, "413$")
  t.equal(listening:ready(), false)
end)

t.test("a server and its client can be tasks of one program", function()
  local http, task = require("http"), require("task")
  local listening <close> = assert(server.listen {})
  local served = 0
  local function serve()
    while served < 6 do
      task.wait(listening)
      local request = listening:next()
      served = served + 1
      request:respond { status = 200, body = request.path }
    end
  end
  local server_task = task.spawn(serve)
  local url = ("http://127.0.0.1:%d/"):format(listening:port())
  local bodies = task.map({ 1, 2, 3, 4, 5, 6 }, function(i)
    return http.get(url .. i).body
  end, { limit = 3 })
  t.equal(table.concat(bodies), "/1/2/3/4/5/6")
  server_task:join()
end)
