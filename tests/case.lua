---Case files: given replies, a call, the exact bytes that it sends, and what comes of it.
---
---  case "a ticket is read by its id" {
---    given = { { json = { item = { id = 7 } } } },
---    call = function(peer) return connect(peer.url).tickets:get(7) end,
---    sends = { "GET /tickets/7?key=K" },
---    result = { id = 7 },
---  }
---
---`given` are replies of tests/peer/peer.js; its named fields open the port (tls = "good").
---`sends` is every request, in order (`any_order = true`: in any). One is "METHOD target", or a
---table with that first and
---  headers = { accept = "application/json", authorization = false }   false: it is not sent
---  body = "exact bytes"   or   json = value
---`result` is compared with the call's first result: of a table only the fields that are named,
---of a list all items; a function is called with all results. `error` is the same for the error
---that is raised, its `message` and `url` being patterns; a function says whether a field is
---right. `connections` is how many were opened.
local json = require "json"
local peer = require "tests.peer"
local t = require "tests.t"

local M = {}

local function fits(got, want)
  if type(want) ~= "table" then return got == want and math.type(got) == math.type(want) end
  if type(got) ~= "table" or (#want > 0 or json.is_array(want)) and #got ~= #want then
    return false
  end
  for key, value in pairs(want) do
    if not fits(got[key], value) then return false end
  end
  return true
end

local function expect(ok, what, got, want)
  if not ok then
    error(("%s\n  got  %s\n  want %s"):format(what, t.show(got), t.show(want)), 0)
  end
end

local function split(replies_and_options)
  local replies, options = {}, {}
  for key, value in pairs(replies_and_options or {}) do
    if math.type(key) == "integer" then replies[key] = value else options[key] = value end
  end
  return replies, options
end

local function line(request)
  return request.method .. " " .. request.target
end

local function check_request(request, want)
  if type(want) == "string" then want = { want } end
  expect(line(request) == want[1], "another request was sent", line(request), want[1])
  for name, value in pairs(want.headers or {}) do
    local got = request.headers[name]
    local what = "header " .. name .. " of " .. want[1]
    expect(got == (value or nil), what, got, value or nil)
  end
  if want.body then
    expect(request.body == want.body, "body of " .. want[1], request.body, want.body)
  end
  if want.json then
    expect(request.body == json.encode(want.json), "body of " .. want[1], request.body,
      json.encode(want.json))
  end
end

local function lines(list)
  local out = {}
  for i, each in ipairs(list) do
    out[i] = type(each) == "string" and each or each[1] or line(each)
  end
  return out
end

local function check_sent(record, spec)
  local sends, requests = spec.sends, record.requests
  expect(#requests == #sends, "the number of requests", lines(requests), lines(sends))
  if spec.any_order then
    sends = table.move(sends, 1, #sends, 1, {})
    table.sort(sends, function(a, b) return lines { a }[1] < lines { b }[1] end)
    table.sort(requests, function(a, b) return line(a) < line(b) end)
  end
  for i, want in ipairs(sends) do check_request(requests[i], want) end
end

local function check_error(e, want)
  for key, value in pairs(want) do
    local got = type(e) == "table" and e[key] or key == "message" and tostring(e)
    local ok = fits(got, value)
    local is_pattern = key == "message" or key == "url"
    if type(value) == "function" then
      ok = value(got)
    elseif is_pattern then
      ok = tostring(got):find(value) ~= nil
    end
    expect(ok, "field " .. key .. " of the error: " .. tostring(e), got, value)
  end
end

local function check_outcome(spec, results)
  if spec.error then
    expect(not results[1], "an error was expected", results[2], spec.error)
    return check_error(results[2], spec.error)
  end
  expect(results[1], "the call failed: " .. tostring(results[2]), results[2], spec.result)
  if type(spec.result) == "function" then
    return spec.result(table.unpack(results, 2, results.n))
  end
  if spec.result ~= nil then
    expect(fits(results[2], spec.result), "the result", results[2], spec.result)
  end
end

---Plays one case; raises what does not fit.
---@param spec table
function M.check(spec)
  local replies, options = split(spec.given)
  local listener <close> = peer.listen(options, replies)
  local results = table.pack(pcall(spec.call, listener))
  local record = listener:record()
  check_outcome(spec, results)
  if spec.sends then check_sent(record, spec) end
  if spec.connections then
    expect(record.connections == spec.connections, "connections", record.connections,
      spec.connections)
  end
  expect(record.left == 0, "replies that were not asked for", record.left, 0)
end

---@param _ table
---@param name string
---@return fun(spec: table)
local function register(_, name)
  return function(spec) t.test(name, function() M.check(spec) end) end
end

return setmetatable(M, { __call = register })
