---Many processes of siterun against a server that notes each arrival (tests/c/arrivals.c).
local process = require("c.process")
local t = require("tests.t")

local M = {}

local ARRIVALS = (os.getenv("TOOLS") or "build/tools") .. "/arrivals"

---@class crowd.Server
---@field port integer
---@field child userdata
---@field file string
local Server = {}
Server.__index = Server

local servers = 0

---@param o? {least?: number, most?: number, spikes?: integer, unanswered?: integer}
---milliseconds and per cent
---@return crowd.Server
function M.serve(o)
  o = o or {}
  servers = servers + 1
  local server = setmetatable({ file = ("%s/arrivals%d"):format(t.scratch, servers) }, Server)
  local failure
  server.child, failure = process.start { ARRIVALS, server.file, tostring(o.least or 1),
    tostring(o.most or 1), tostring(o.spikes or 0), tostring(o.unanswered or 0) }
  if not server.child then error(failure.message .. ": make " .. ARRIVALS, 2) end
  server.port = math.tointeger(tonumber(server.child:line()))
  return server
end

---@class crowd.Record
---@field arrived integer nanoseconds
---@field answered integer nanoseconds; 0: not
---@field target string "GET /v1/normal"

---Ends the server.
---@return crowd.Record[] in the order of arrival
function Server:stop()
  self.child:stop()
  local records = {}
  for line in io.lines(self.file) do
    local arrived, answered, target = line:match("^(%d+) (%d+) (.*)$")
    records[#records + 1] = { arrived = math.tointeger(tonumber(arrived)),
      answered = math.tointeger(tonumber(answered)), target = target }
  end
  return records
end

Server.__close = function(server)
  server.child:stop()
end

---@class crowd.Crowd
---@field state string the folder that the processes share
---@field complaints string file with all that they print on stderr
local Crowd = {}
Crowd.__index = Crowd

-- One scratch folder serves many runs.
local function new_folder()
  local pipe <close> = assert(io.popen("mktemp -d " .. t.quote(t.scratch .. "/crowd.XXXXXX")))
  return pipe:read("l")
end

---@param server crowd.Server
---@param limit string "20/2s"
---@param env? table<string, string> further variables
---@return crowd.Crowd to be closed
function M.gather(server, limit, env)
  local base = new_folder()
  local crowd = setmetatable({ members = {}, state = base, complaints = base .. ".err" }, Crowd)
  t.write(crowd.complaints, "")
  crowd.env = { SITERUN_STATE = base, TICKETING_KEY = "KEY", TICKETING_LIMIT = limit,
    TICKETING_URL = ("http://127.0.0.1:%d/v1"):format(server.port) }
  for name, value in pairs(env or {}) do
    crowd.env[name] = value
  end
  return crowd
end

---Starts one more process.
---@param ... string|number its arguments
---@return integer index
function Crowd:join(...)
  local parts = { "echo $$; exec env" }
  for name, value in pairs(self.env) do
    parts[#parts + 1] = name .. "=" .. t.quote(value)
  end
  parts[#parts + 1] = t.program
  for _, argument in ipairs { ... } do
    parts[#parts + 1] = t.quote(tostring(argument))
  end
  parts[#parts + 1] = "</dev/null 2>>" .. t.quote(self.complaints)
  local child = assert(process.start { "sh", "-c", table.concat(parts, " ") })
  self.members[#self.members + 1] = { child = child, pid = assert(child:line()) }
  return #self.members
end

---@param index integer
---@return string? line the next one that the process prints
function Crowd:hear(index)
  return (self.members[index].child:line(30))
end

---Kills a process, which has no time to say goodbye.
---@param index integer
function Crowd:kill(index)
  local member = table.remove(self.members, index)
  os.execute("kill -9 " .. member.pid)
  member.child:stop()
end

---@return string what the processes complained of
function Crowd:disband()
  while #self.members > 0 do
    self:kill(1)
  end
  return t.read(self.complaints)
end

Crowd.__close = Crowd.disband

---@class crowd.Verdict
---@field arrivals integer
---@field most integer in any window
---@field over integer arrivals that made a window hold more than the limit
---@field windows number how long it went on
---@field by_target table<string, integer> arrivals
---@field latency number seconds, mean of what was answered
---@field share number of what the limit allows, if nothing was left unanswered

---Counts windows exactly: each begins with an arrival and includes neither end's successor.
local function count_windows(records, limit, window_ns, verdict)
  local first = 1
  for i, record in ipairs(records) do
    while record.arrived - records[first].arrived >= window_ns do
      first = first + 1
    end
    local held = i - first + 1
    verdict.most = math.max(verdict.most, held)
    verdict.over = verdict.over + (held > limit and 1 or 0)
  end
end

local function count_targets(records)
  local counts = {}
  for _, record in ipairs(records) do
    local name = record.target:match("([^/]+)$")
    counts[name] = (counts[name] or 0) + 1
  end
  return counts
end

local function earliest(free)
  local best = 1
  for i = 2, #free do
    if free[i] < free[best] then best = i end
  end
  return best
end

-- A slot is held from the sending of a request until one window after its answer, so the limit allows
-- limit / (window + latency) requests a second. Exactly: how long the same requests take, with the same
-- latencies, when each is sent at the instant when one of `limit` slots is free.
local function ideal_ns(records, limit, window_ns)
  local free, sent = {}, 0
  for i = 1, limit do free[i] = 0 end
  for _, record in ipairs(records) do
    local slot = earliest(free)
    local latency = record.answered > 0 and record.answered - record.arrived or 0
    sent = free[slot]
    free[slot] = sent + latency + window_ns
  end
  return sent
end

local function mean_latency(records)
  local answered, total_ns = 0, 0
  for _, record in ipairs(records) do
    if record.answered > 0 then
      answered, total_ns = answered + 1, total_ns + record.answered - record.arrived
    end
  end
  return total_ns / answered / 1e9
end

---@param records crowd.Record[]
---@param limit integer
---@param window number seconds
---@return crowd.Verdict
function M.judge(records, limit, window)
  local verdict = { arrivals = #records, most = 0, over = 0 }
  local window_ns = math.tointeger(window * 1e9)
  local lasted_ns = records[#records].arrived - records[1].arrived
  count_windows(records, limit, window_ns, verdict)
  verdict.by_target = count_targets(records)
  verdict.latency = mean_latency(records)
  verdict.windows = lasted_ns / window_ns
  verdict.share = ideal_ns(records, limit, window_ns) / lasted_ns
  return verdict
end

---@param verdict crowd.Verdict
---@param what string
function M.print(verdict, what)
  print(("# %s: %d requests in %.1f windows, mean latency %.3f s, at most %d in a window, %d over, "
    .. "%.1f %% of limit/(window + latency)"):format(what, verdict.arrivals, verdict.windows,
    verdict.latency, verdict.most, verdict.over, verdict.share * 100))
end

return M
