---What processes that share a limit have to stand: killed processes, requests without an answer, steps of
---the wall clock, a state file that is deleted.
local crowd = require("tests.crowd")
local t = require("tests.t")
local task = require("task")

local M = {}

local WORKER = "tests/crowd/worker.lua"

local STEPS = { "+0", "+3600", "-3600", "+7200" } -- seconds

---@class crowd.Ordeal
---@field limit integer
---@field window number seconds
---@field processes integer
---@field windows number how long they run
---@field least? number milliseconds
---@field most? number milliseconds
---@field timeout? number seconds of each attempt
---@field kills? integer
---@field unanswered? integer per cent
---@field steps? integer how often the wall clock is set
---@field delete? boolean the state file, in the middle

-- The sanitizers' runtime must be the first library, and so does this one.
local function clock_library()
  local pipe <close> = assert(io.popen("ls /usr/lib/*/faketime/libfaketime.so.1"))
  return not t.sanitized and pipe:read("l")
end

-- Only wall time steps; what it steps to is read from a file at each look at the clock.
local function stepping_clock(path)
  local library = clock_library()
  if not library then return {} end
  t.write(path, STEPS[1] .. "\n")
  return { LD_PRELOAD = library, FAKETIME_TIMESTAMP_FILE = path, FAKETIME_NO_CACHE = "1",
    FAKETIME_DONT_FAKE_MONOTONIC = "1", ASAN_OPTIONS = "verify_asan_link_order=0" }
end

local function step_clock(path)
  t.write(path .. ".new", STEPS[math.random(#STEPS)] .. "\n")
  assert(os.rename(path .. ".new", path))
end

local function start(server, o, env)
  local members = crowd.gather(server, ("%d/%dms"):format(o.limit, o.window * 1000), env)
  for i = 1, o.processes do
    members:join(WORKER, 4, o.timeout or 10, "normal", i)
  end
  return members
end

---What happens, in an order left to chance.
local function events(members, o, clock)
  local list = {}
  local function add(count, event)
    for _ = 1, count or 0 do table.insert(list, math.random(#list + 1), event) end
  end
  add(o.kills, function()
    members:kill(math.random(#members.members))
    members:join(WORKER, 4, o.timeout or 10)
  end)
  add(o.steps, function() step_clock(clock) end)
  if o.delete then
    table.insert(list, #list // 2 + 1, function()
      assert(os.execute("rm " .. t.quote(members.state) .. "/limit-*"))
    end)
  end
  return list
end

---Saturates a limit while all that happens which `o` asks for.
---@param o crowd.Ordeal
---@return crowd.Verdict, string complaints
function M.endure(o)
  local server <close> = crowd.serve { least = o.least, most = o.most, spikes = 3,
    unanswered = o.unanswered }
  local clock = server.file .. ".clock"
  local members <close> = start(server, o, o.steps and stepping_clock(clock))
  local list = events(members, o, clock)
  local part = o.windows * o.window / (#list + 1)
  task.sleep(part)
  for _, event in ipairs(list) do
    event()
    task.sleep(part * 2 * math.random())
  end
  local complaints = members:disband()
  return crowd.judge(server:stop(), o.limit, o.window), complaints
end

return M
