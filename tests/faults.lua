---Calls to tests/peer/faults.js, a service that spoils its first answer to each of them, and the
---comparison of what each call said with what reached the service.
local clock = require "c.clock"
local errors = require "siterun.errors"
local http = require "http"
local json = require "json"
local process = require "c.process"
local task = require "task"

local M = {}

local GRACE = 1 -- seconds that a call may take beyond its deadline
local METHODS = { "GET", "POST", "PUT", "DELETE" }

-- This one holds all calls of its account for an hour: the first is told so by the service, and all
-- after it at once.
local STOPPING = { s503_later = true }

-- These kinds hold all calls of their account for a second, so they have accounts of their own.
local HOLDING = { s429_after = true, s429_date = true, s503_after = true, s503_date = true }

local function start()
  local child = assert(process.start { "node", "tests/peer/faults.js" })
  local service = json.decode(child:line())
  service.child = child
  return setmetatable(service, { __close = function() child:stop() end })
end

-- The clients: each with an account of its own.
local function teamworklive(url, email)
  local client = require("teamworklive").connect { url = url .. "/tw", email = email or "ana@example.com",
    api_key = "API-KEY", limit = "16000/1s" }
  return function(call, options)
    local path = call.kind .. "/" .. call.id
    if call.method == "GET" then return client:get(path, nil, options) end
    if call.method == "DELETE" then return client:delete(path, options) end
    return client[call.method:lower()](client, path, call.body, options)
  end
end

local function ticketing(url, key)
  local client = require("ticketing").connect { url = url .. "/tk", key = key or "PRIMARY", limit = "16000/1s" }
  return function(call, options)
    local request = { method = call.method, path = "/" .. call.kind .. "/" .. call.id }
    if call.method == "POST" or call.method == "PUT" then request.json = call.body end
    return client:request(request, options).json
  end
end

local function clients(urls)
  return {
    tw = teamworklive(urls.main), tk = ticketing(urls.main),
    -- Another spelling of the address is another account.
    tw_holding = teamworklive((urls.main:gsub("127.0.0.1", "localhost"))),
    tk_holding = ticketing((urls.main:gsub("127.0.0.1", "localhost"))),
    tw_stopping = teamworklive(urls.main, "eva@example.com"), tk_stopping = ticketing(urls.main, "SECONDARY"),
    refuse = teamworklive(urls.refuse), reset = teamworklive(urls.reset),
    stall = teamworklive(urls.stall),
  }
end

local function main_kinds(kinds)
  local list = {}
  for _, kind in ipairs(kinds) do
    local account = STOPPING[kind] and "_stopping" or ""
    if not HOLDING[kind] then
      list[#list + 1] = { kind, "tw" .. account }
      list[#list + 1] = { kind, "tk" .. account }
    end
  end
  for _, place in ipairs { "refuse", "reset", "stall" } do
    list[#list + 1] = { place, place }
    list[#list + 1] = { place, place }
  end
  return list
end

local function holding_kinds()
  local list = {}
  for kind in pairs(HOLDING) do
    list[#list + 1] = { kind, "tw_holding" }
    list[#list + 1] = { kind, "tk_holding" }
  end
  return list
end

local function plan(count, kinds, first_id, limits)
  local calls = {}
  for i = 1, count do
    local kind = kinds[(i - 1) % #kinds + 1]
    calls[i] = { id = first_id + i, kind = kind[1], client = kind[2], timeout = limits.timeout,
      deadline = limits.deadline, method = METHODS[(i - 1) // #kinds % #METHODS + 1],
      body = { id = first_id + i, padding = ("p"):rep(2000) } }
  end
  return calls
end

-- Puts what came of the call into it.
local function make(call, by_name)
  local started = clock.monotonic()
  local ok, value = pcall(by_name[call.client], call, { timeout = call.timeout,
    deadline = call.deadline })
  call.took = clock.monotonic() - started
  call.ok = ok
  if ok then call.answer = value else call.error = value end
end

---"done", "unknown" (it may have been done) or "refused" (it was not done).
local function outcome_of(call)
  local e = call.error
  if call.ok then return "done" end
  if not errors.is(e) then return "broken" end
  local is_open = e.kind == "unknown_outcome" or e.kind == "server"
  return is_open and e.sent ~= "no" and "unknown" or "refused"
end

local function count_applied(arrivals)
  local count = 0
  for _, arrival in ipairs(arrivals) do count = count + (arrival.applied and 1 or 0) end
  return count
end

-- The first copy that came although the service had not refused the one before it.
local function has_illegal_copy(arrivals)
  for i = 1, #arrivals - 1 do
    if not arrivals[i].refused then return true end
  end
  return false
end

local CHECKS = {
  duplicates = function(call, arrivals)
    return call.method ~= "GET" and (has_illegal_copy(arrivals) or count_applied(arrivals) > 1)
  end,
  lost = function(call, arrivals)
    local applied = count_applied(arrivals)
    if call.outcome == "broken" then return true end
    if call.method == "GET" then return false end
    return call.outcome == "done" and applied ~= 1 or call.outcome == "refused" and applied ~= 0
  end,
  late = function(call) return call.took > call.deadline + GRACE end,
  mixed_up = function(call)
    local answer = call.answer
    return call.ok and type(answer) == "table" and answer.id ~= nil and answer.id ~= call.id
  end,
  miscounted = function(call, arrivals)
    local e = call.error
    return e ~= nil and (#arrivals > e.attempts or e.attempts > 5 or e.sent == "no" and #arrivals > 0)
  end,
}

local function add(counts, key)
  counts[key] = (counts[key] or 0) + 1
end

local function describe(what, call, arrivals)
  return ("%s: %s %s %d of %s: %s, took %.1f s; arrivals %s"):format(what, call.method, call.kind, call.id,
    call.client, call.ok and "ok" or tostring(call.error), call.took, json.encode(json.array(arrivals)))
end

local function judge(calls, log, figures)
  for _, call in ipairs(calls) do
    local arrivals = log[tostring(call.id)] or {}
    call.outcome = outcome_of(call)
    add(figures, call.outcome)
    figures.arrivals = figures.arrivals + #arrivals
    figures.slowest = math.max(figures.slowest, call.took - call.deadline)
    for what, is_wrong in pairs(CHECKS) do
      if is_wrong(call, arrivals) then
        add(figures, what)
        figures.complaints[#figures.complaints + 1] = describe(what, call, arrivals)
      end
    end
  end
end

local function count_kinds(calls)
  local seen, count = {}, 0
  for _, call in ipairs(calls) do
    if not seen[call.kind] then seen[call.kind], count = true, count + 1 end
  end
  return count
end

---@class tests.FaultFigures
---@field calls integer
---@field kinds integer of faults
---@field arrivals integer requests that reached the service
---@field done integer
---@field refused integer
---@field unknown integer
---@field duplicates integer writes that came twice though the first was not refused
---@field lost integer calls whose word does not fit what was done, or that raised no error table
---@field late integer calls that took longer than their deadline and a second
---@field mixed_up integer calls that got another one's answer
---@field miscounted integer errors whose `attempts` or `sent` is wrong
---@field slowest number seconds beyond the deadline
---@field complaints string[]

---@async
---@param o {calls: integer, holding: integer, lanes: integer}
---@return tests.FaultFigures
function M.run(o)
  local service <close> = start()
  local by_name = clients(service.urls)
  local calls = plan(o.calls - o.holding, main_kinds(service.kinds), 0, { timeout = 0.6, deadline = 2.5 })
  local holding = plan(o.holding, holding_kinds(), o.calls, { timeout = 2, deadline = 6 })
  local function run(list)
    return function()
      task.map(list, function(call) make(call, by_name) end, { limit = o.lanes })
    end
  end
  local started = clock.monotonic()
  task.all { run(calls), run(holding) }
  table.move(holding, 1, #holding, #calls + 1, calls)
  local figures = { calls = #calls, kinds = count_kinds(calls), arrivals = 0, slowest = -math.huge,
    seconds = clock.monotonic() - started, complaints = {}, done = 0, refused = 0, unknown = 0,
    duplicates = 0, lost = 0, late = 0, mixed_up = 0, miscounted = 0, broken = 0 }
  judge(calls, http.get(service.urls.main .. "/log").json, figures)
  figures.list = calls
  return figures
end

---@param figures tests.FaultFigures
function M.print(figures)
  print(("# faults: %d calls of %d kinds in %.0f s, %d requests arrived: %d done, %d refused, %d unknown; "
    .. "%d duplicate, %d lost, %d late (at most %.1f s past the deadline), %d mixed up, %d miscounted"):format(
    figures.calls, figures.kinds, figures.seconds, figures.arrivals, figures.done, figures.refused,
    figures.unknown, figures.duplicates, figures.lost, figures.late, figures.slowest, figures.mixed_up,
    figures.miscounted))
  for i, complaint in ipairs(figures.complaints) do
    if i <= 20 then print("# " .. complaint) end
  end
end

return M
