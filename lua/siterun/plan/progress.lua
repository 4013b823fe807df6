-- Which writes of a plan the journal has as done, and what they made.
local answer = require "siterun.answer"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local planned = require "siterun.plan"
local result = require "siterun.result"
local services = require "siterun.services"
local substitute = require "siterun.plan.substitute"

local M = {}

local function unknown(entry, intent)
  errors.raise { kind = "unknown_outcome", service = entry.service, operation = entry.operation,
    sent = "unknown", retryable = false,
    message = string.format("the planned write %d was begun (journal %d) and its outcome is "
      .. "unknown", entry.number, intent),
    hint = string.format("settle it with: siterun reconcile %d", intent) }
end

---What the recorded answer holds, read as a live one; nil where it holds nothing.
local function value_of(entry, body)
  local declared = services.declaration(entry.service)
  local endpoint = declared and declared.by_name[entry.operation]
  if not endpoint or not body.status then return nil end
  local response = { status = body.status, headers = body.headers or {},
    body = body.body or "" }
  local read, value = pcall(function()
    return result.unwrap({ service = declared }, endpoint, response, (answer.decode(response)))
  end)
  return read and value or nil
end

local function learn(entry, body, real)
  local value = value_of(entry, body)
  if type(value) ~= "table" then return end
  for i, object in ipairs(value[1] ~= nil and value or { value }) do
    substitute.learn(real, entry.made and entry.made[i] or {}, object)
  end
end

---Raises an error of kind "unknown_outcome" for a write that is neither done nor not.
---@param plan siterun.Plan
---@return table<integer, boolean> done by number
---@return table<string, any> real stand-in -> what was made
---@return integer count
function M.find(plan)
  local done, real, count = {}, {}, 0
  for _, entry in ipairs(plan.writes) do
    local intent = journal.last { kind = "intent", once = planned.key(plan, entry) }
    local record = intent and journal.outcome(intent.seq)
    local state = record and record.outcome or intent and "unknown"
    if state == "unknown" then unknown(entry, intent.seq) end
    if state == "done" then
      done[entry.number], count = true, count + 1
      learn(entry, journal.content(record), real)
    end
  end
  return done, real, count
end

return M
