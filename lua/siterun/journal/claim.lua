-- A key under which something is done once: taken for this process, found done, or waited for
-- while another one is at it.
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local loop = require "c.loop"
local scheduler = require "siterun.scheduler"

local M = {}

-- Seconds between looks at a key that another call holds.
local FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5

-- Keys of this process whose outcome could not be recorded, by their intents.
local stuck = {}

-- Keys that this process could not give back: they are free to itself.
local left_over = {}

-- Keys under which a call of this process is at work, by its task.
local held = {}

---What the caller knows of itself, for errors.
---@class siterun.Claimer
---@field once string
---@field content string
---@field fail fun(fields: table) raises

local function pause(claimer, seconds)
  local timer <close> = loop.timer(seconds)
  if not timer then
    claimer.fail { kind = "deadline", sent = "no", message = string.format(
      "the key %q is held by a call under way, and the deadline comes first", claimer.once) }
  end
  scheduler.wait(timer)
end

---Raises that nobody knows whether a write happened.
---@param fail fun(fields: table)
---@param intent integer
---@param what string
function M.unknown(fail, intent, what)
  fail { kind = "unknown_outcome", sent = "unknown", retryable = false, intent = intent,
    message = string.format("%s was begun (journal %d) and its outcome is unknown", what,
      intent),
    hint = string.format("settle it with: siterun reconcile %d", intent) }
end

local function unknown(claimer, intent)
  M.unknown(claimer.fail, intent, string.format("once = %q", claimer.once))
end

-- A call within the call that holds the key would wait for itself.
local function check_own(claimer)
  local task = scheduler.current()
  if task and held[claimer.once] == task then
    claimer.fail { kind = "usage", sent = "no", message = string.format(
      "once = %q is used within itself", claimer.once) }
  end
end

local function look(claimer)
  local state, intent = journal.claim(claimer.once, claimer.content)
  if state == "busy" and left_over[claimer.once] then state = "claimed" end
  if state == "claimed" then
    left_over[claimer.once], held[claimer.once] = nil, scheduler.current()
  end
  return state, intent
end

---Waits while another call holds the key.
---@async
---@param claimer siterun.Claimer
---@return "claimed"|"done"|"conflict" state
---@return integer intent that says so
function M.take(claimer)
  local seconds = FIRST_PAUSE
  check_own(claimer)
  while true do
    if stuck[claimer.once] then unknown(claimer, stuck[claimer.once]) end
    local state, intent = look(claimer)
    if state == "unknown" then unknown(claimer, intent) end
    if state ~= "busy" then return state, intent end
    pause(claimer, seconds)
    seconds = math.min(seconds * 1.5, LONGEST_PAUSE)
  end
end

---The call that held the key has ended.
---@param once string
function M.release(once)
  held[once] = nil
end

---Nothing was begun under the key.
---@param once string
function M.free(once)
  if not journal.unclaim(once) then left_over[once] = true end
end

---The outcome of this intent is not in the journal, and the key is not free.
---@param once string
---@param intent integer
function M.stick(once, intent)
  stuck[once] = intent
end

---Raises a config error as one of a call.
---@param fail fun(fields: table)
---@param f function
---@return any ... what f returns
function M.placed(fail, f, ...)
  local results = table.pack(pcall(f, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  local e = results[2]
  if errors.is(e) and e.kind == "config" and not e.service then
    fail { kind = "config", message = e.message, hint = e.hint, sent = e.sent }
  end
  error(e, 0)
end

return M
