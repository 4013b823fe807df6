---Sends one request and waits for its answer: what every call of every client goes through.
local clock = require("c.clock")
local errors = require("siterun.errors")
local http = require("c.http")
local json = require("c.json")
local lastcall = require("siterun.lastcall")
local scheduler = require("siterun.scheduler")
local settings = require("siterun.settings")

local M = {}

local get, start, wait = http.get, http.start, scheduler.wait

---@class siterun.Response
---@field status integer
---@field body string decompressed
---@field headers table<string, string> lower-case names; repeated ones joined by ", " (RFC 9110 5.3)
---@field json any the decoded body; nil where it is empty or of another type; reading it raises a
---decode error when the answer should be JSON and is not
---@field content_type string in lower case, "" where the answer does not say
---@field attempts integer requests sent for it, logins not counted
---@field retry_after? number seconds that the answer asks to wait
---@field url string without secrets
local Response = {}

local function parse_headers(lines)
  local headers = {}
  for name, value in lines:gmatch("([^:\r\n]+):[ \t]*([^\r\n]*)") do
    name, value = name:lower(), value:gsub("[ \t]+$", "")
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return headers
end

---An answer to a webhook is often a plain "ok": it does not fail for who looks at its JSON.
local function is_other(response)
  local kind = (response.headers["content-type"] or "json"):lower()
  return not response.body:find("%S") or not kind:find("json", 1, true)
end

local function decode(response)
  local value, message, position = json.decode(response.body, true)
  if not position then
    return value
  elseif is_other(response) then
    return nil
  end
  errors.raise({
    kind = "decode", status = response.status, message = message, url = response.url,
    sent = "yes", attempts = response.attempts,
  })
end

local LAZY = {
  headers = function(response)
    return parse_headers(response.lines)
  end,
  content_type = function(response)
    return (http.header(response.lines, "Content-Type") or ""):lower()
  end,
  json = decode,
}

-- Made when they are read: most callers want one of them.
function Response.__index(response, name)
  local make = LAZY[name]
  local value = make and make(response)
  response[name] = value
  return value
end

local function print_exchange(request, op, started, what)
  local ms = (clock.monotonic() - started) * 1000
  local form = "siterun: %s %s %s %.0f ms\n"
  io.stderr:write(form:format(request.method, op:url(), what, ms))
end

local function outcome_of(response, problem)
  local what = problem and problem.kind .. ","
    or ("%d, %d bytes,"):format(response.status, #response.body)
  local attempts = (response or problem).attempts
  return attempts > 1 and ("%s %d attempts,"):format(what, attempts) or what
end

-- A write that is cut off on its way may have happened; whoever cancelled the task must hear of it.
local Flight = {}

function Flight.__close(self)
  local is_cut, is_sent = not self.op:ready(), self.op:is_sent()
  if is_cut and self.gate then
    self.gate:cut_off(is_sent)
  end
  if self.request.write and is_cut and is_sent then
    scheduler.lost = errors.new({
      kind = "unknown_outcome", operation = self.request.operation, sent = "unknown",
      message = "a write was cancelled after it had been sent", url = self.op:url(),
      attempts = 1,
    })
  end
  self.op:close()
end

local function guard(op, request, gate)
  return setmetatable({ op = op, request = request, gate = gate }, Flight)
end

local function read(op)
  local status, body, lines, url, attempts, retry_after = op:result()
  if not status then
    body.url = op:url()
    return nil, body
  end
  return setmetatable({ status = status, body = body, lines = lines, url = url,
    attempts = attempts, retry_after = retry_after }, Response)
end

---@class siterun.Request
---@field account? userdata of c.account; else `url` is asked
---@field operation? string for errors: "tickets:get"
---@field once? string for the journal
---@field method string
---@field path? string
---@field url? string
---@field query? {[1]: string, [2]: string}[]
---@field headers? {[1]: string, [2]: string|userdata}[]
---@field body? string
---@field write? boolean
---@field single? boolean not repeated when it fails
---@field timeout? number seconds that each attempt may take
---@field deadline? number seconds that the whole call may take, waits and repetitions included
---@field priority? "high"|"normal"|"low"
---@field body_max? integer bytes

---@async
local function pass_gate(op, gate)
  if op:at_gate() then
    gate:at_gate()
    op:go()
    wait(op)
  end
end

---@class siterun.Gate what stands between the decision to send and the first byte
---@field at_gate fun(self) called when the request is about to be sent; raises to stop it
---@field cut_off fun(self, is_sent: boolean) called when the call is cut off on its way

---Called with the account of each call that has ended, while somebody counts them.
---@type fun(account?: userdata)?
M.watch = nil

---What became of a call that has ended, told to those who want to know.
local function conclude(op, request, started)
  local response, problem = read(op)
  if M.watch then
    M.watch(request.account)
  end
  if started then
    print_exchange(request, op, started, outcome_of(response, problem))
  end
  return response, problem
end

-- The last one that had nothing but an address.
local plain = { method = "GET" }

---Sends a GET request that has nothing but an address: as M.send.
---@async
---@param url string
---@return siterun.Response? response
---@return table? failure
function M.get(url)
  plain.url, lastcall.request = url, plain
  local op <close>, failure = get(url)
  if not op then
    return nil, failure
  end
  local started = settings.trace and clock.monotonic()
  wait(op)
  return conclude(op, plain, started)
end

---@async
---@param request siterun.Request
---@param gate? siterun.Gate
---@return siterun.Response? response whatever its status
---@return table? failure kind, message, sent, attempts, url
function M.send(request, gate)
  lastcall.request = request
  local op, failure = start(request, gate ~= nil)
  if not op then
    return nil, failure
  end
  -- A read leaves nothing open: its operation closes itself.
  local _ <close> = (gate or request.write) and guard(op, request, gate) or op
  local started = settings.trace and clock.monotonic()
  wait(op)
  if gate then
    pass_gate(op, gate)
  end
  return conclude(op, request, started)
end

return M
