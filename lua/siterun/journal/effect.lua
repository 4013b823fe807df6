-- One effect from its intent to its outcome, both on the disk: whatever cuts it off in between
-- leaves the journal saying what is known.
local claim = require "siterun.journal.claim"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local run = require "siterun.journal.this_run"
local scheduler = require "siterun.scheduler"

local M = {}

---@class siterun.Effect
---@field service? string
---@field operation string
---@field once? string
---@field content string fingerprint of what is done
---@field fail fun(fields: table) raises
---@field claimed? boolean the key is ours
---@field op? userdata of the intent, while it is written
---@field intent? integer
---@field gone boolean may it have happened?
---@field outcome? string
local Effect = {}
Effect.__index = Effect

---@param fields table service, operation, once, content, fail
---@return siterun.Effect to be closed
function M.new(fields)
  fields.gone = false
  return setmetatable(fields, Effect)
end

local function append(self, kind, fields)
  fields.kind, fields.run = kind, run.id()
  fields.service, fields.operation, fields.once = self.service, self.operation, self.once
  return journal.append(fields)
end

---Claims the key, waiting while another call holds it.
---@async
---@return integer? intent where it was done before
---@return boolean? is_other whether that had other content
function Effect:claim()
  local state, intent = claim.placed(self.fail, claim.take, self)
  self.claimed = state == "claimed"
  if self.claimed then return nil end
  return intent, state == "conflict"
end

local function write_intent(self, body)
  self.op = append(self, "intent", { content = self.content, body = journal.body(body) })
  scheduler.wait(self.op)
  local op = self.op
  self.op = nil
  self.intent = journal.written(op)
end

---What is about to happen goes to the disk first. Raises an error of kind "config" where it
---can't.
---@async
---@param body table
function Effect:begin(body)
  claim.placed(self.fail, write_intent, self, body)
  self.gone = true
end

---It was cut off after it had begun.
---@param is_sent boolean may it have happened?
function Effect:cut_off(is_sent)
  self.gone = is_sent
end

-- A power cut may take the newest outcomes along; their writes are unknown again then, and can be
-- looked up at their services. Other effects can't.
local function append_outcome(self, outcome, body)
  self.outcome = outcome
  if outcome == "unknown" then run.lose() end
  return append(self, "outcome", { intent = self.intent, outcome = outcome,
    body = journal.body(body), deferred = self.service ~= nil })
end

local function write_outcome(self, outcome, body)
  local op = append_outcome(self, outcome, body)
  scheduler.wait(op)
  journal.written(op)
end

---The outcome goes into the journal before the caller hears of it. Where it can't, nobody will know
---it, and that is raised.
---@async
---@param outcome "done"|"refused"|"not_sent"|"unknown"
---@param body table
---@param what string what happened, for that error
function Effect:settle(outcome, body, what)
  local ok, why = pcall(write_outcome, self, outcome, body)
  if ok then return end
  if self.once then claim.stick(self.once, self.intent) end
  if not errors.is(why) or why.kind == "interrupted" then error(why, 0) end
  self.fail { kind = "unknown_outcome", sent = "yes",
    message = string.format("%s, but the journal could not be written: %s", what, why.message) }
end

-- What is not settled by now was cut off.
local function close(self)
  if self.op then self.intent = journal.take_back(self.op) end
  if self.intent and not self.outcome then
    local outcome = self.gone and "unknown" or "not_sent"
    append_outcome(self, outcome, { message = "it was cut off" })
  elseif self.claimed and not self.intent then
    claim.free(self.once)
  end
end

-- Runs where nothing may be raised: the task is ending anyway.
function Effect:__close()
  local ok = pcall(close, self)
  if self.claimed then claim.release(self.once) end
  if not ok and self.once and self.intent then claim.stick(self.once, self.intent) end
end

return M
