-- A write: recorded in the journal before its first byte is sent, and its outcome before the
-- call returns.
local claim = require "siterun.claim"
local difference = require "siterun.difference"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local json = require "c.json"
local outcome = require "siterun.outcome"
local pathname = require "siterun.pathname"
local replay = require "siterun.replay"
local run = require "siterun.run"
local scheduler = require "siterun.scheduler"
local wire = require "siterun.wire"

local M = {}

-- Headers of an answer that reading it again needs, or that name what was made. Others may hold
-- what is nobody's business, such as cookies.
local KEPT_HEADERS = { "content-type", "location", "etag", "last-modified" }

-- How often this run has made a write of a content without a key.
local occurrences = {}

---@class siterun.Write
---@field service string
---@field refuses_by_503? boolean
---@field sent siterun.Sent what is sent
---@field once? string
---@field content string fingerprint of what is sent
---@field occurrence? integer
---@field fail fun(fields: table)
---@field claimed? boolean the key is ours
---@field op? userdata of the intent, while it is written
---@field intent? integer
---@field gone boolean may the service have got it?
---@field outcome? string
local Write = {}
Write.__index = Write

local function url_of(client, request)
  local parts = {}
  for i, pair in ipairs(request.query or {}) do
    parts[i] = pathname.text(pair[1]) .. "=" .. pathname.text(pair[2])
  end
  local query = #parts > 0 and "?" .. table.concat(parts, "&") or ""
  return client.url .. request.path .. query
end

-- Lengths keep the fields apart.
local function content_of(sent)
  local parts = {}
  for i, name in ipairs { "service", "operation", "method", "url", "body" } do
    local text = sent[name]
    parts[i] = text and #text .. ":" .. text or "-"
  end
  return journal.fingerprint(table.concat(parts, "\n"))
end

local function new_write(client, endpoint, request)
  local sent = { service = client.service.name, operation = endpoint.name,
    method = request.method, url = url_of(client, request), body = request.body }
  local account = client.service.account
  return setmetatable({
    service = sent.service, operation = sent.operation, sent = sent, gone = false,
    refuses_by_503 = account and account.refuses_by_503, once = request.once,
    content = content_of(sent),
    fail = function(fields)
      require("siterun.call").fail(client, endpoint, fields)
    end,
  }, Write)
end

function Write:append(kind, fields)
  fields.kind, fields.run = kind, run.id()
  fields.service, fields.operation, fields.once = self.service, self.operation, self.once
  return journal.append(fields)
end

---The request stands at the gate: what is about to be sent goes to the disk first.
---@async
function Write:at_gate()
  claim.placed(self.fail, function()
    local sent = self.sent
    self.op = self:append("intent", { content = self.content, body = journal.body {
      method = sent.method, url = sent.url, body = sent.body, occurrence = self.occurrence,
    } })
    scheduler.wait(self.op)
    local op = self.op
    self.op = nil
    self.intent = journal.written(op)
  end)
  self.gone = true
end

---The call was cut off after it had passed the gate.
---@param is_sent boolean may the request be on its way?
function Write:cut_off(is_sent)
  self.gone = is_sent
end

function Write:append_outcome(result, body)
  self.outcome = result
  return self:append("outcome", { intent = self.intent, outcome = result,
    body = journal.body(body) })
end

-- What is not settled by now was cut off.
function Write:close()
  if self.op then self.intent = journal.take_back(self.op) end
  if self.intent and not self.outcome then
    local result = self.gone and "unknown" or "not_sent"
    self:append_outcome(result, { message = "the call was cut off" })
  elseif self.claimed and not self.intent then
    claim.free(self.once)
  end
end

-- Runs where nothing may be raised: the task is ending anyway.
function Write:__close()
  local ok = pcall(self.close, self)
  if not ok and self.once and self.intent then claim.stick(self.once, self.intent) end
end

local function answer_of(response)
  if not response then return {} end
  local headers = {}
  for _, name in ipairs(KEPT_HEADERS) do headers[name] = response.headers[name] end
  return { status = response.status, body = response.body, headers = headers,
    attempts = response.attempts }
end

local function failure_of(e)
  if not errors.is(e) then return { kind = "other", message = tostring(e) } end
  return { kind = e.kind, message = e.message, status = e.status, sent = e.sent,
    code = e.code, errors = #e.errors > 0 and e.errors or nil, attempts = e.attempts }
end

---The outcome goes to the disk before the caller hears of it.
---@async
function Write:settle(results, response)
  if not self.intent then return end
  local ok, e = results[1], results[2]
  local body = answer_of(response)
  if not ok then body.error = failure_of(e) end
  local written, why = pcall(function()
    local op = self:append_outcome(outcome.of(ok, e, self.refuses_by_503), body)
    scheduler.wait(op)
    journal.written(op)
  end)
  if written then return end
  if self.once then claim.stick(self.once, self.intent) end
  if not errors.is(why) or why.kind == "interrupted" then error(why, 0) end
  self.fail { kind = "unknown_outcome", status = response and response.status, sent = "yes",
    message = string.format("%s, but the journal could not be written: %s",
      response and "the service answered HTTP " .. response.status or tostring(e),
      why.message) }
end

-- What was settled by hand has no answer.
local function without_answer(endpoint, judge)
  if not endpoint.result then return judge { status = 200, body = "", headers = {} } end
  return endpoint.result.kind == "list" and json.array {} or nil
end

---What the journal has as the answer, read as a live one is.
local function recorded(endpoint, intent, judge)
  local body = journal.content(journal.outcome(intent))
  if not body.status then return without_answer(endpoint, judge) end
  return judge { status = body.status, body = body.body or "", headers = body.headers or {},
    attempts = 0, intent = intent }
end

local function conflict(self, intent)
  local record = journal.last { seq = intent }
  local was = journal.content(record)
  was.service, was.operation = record.service or "journal", record.operation
  self.fail { kind = "usage", message = string.format(
    "once = %q was used for another write: %s", self.once,
    difference.between(was, self.sent)) }
end

---The intent that answers this write; nil when it is to be sent.
---@async
---@return integer?
function Write:known()
  if self.once then
    local state, intent = claim.take(self)
    self.claimed = state == "claimed"
    if state == "conflict" then conflict(self, intent) end
    return state == "done" and intent or nil
  end
  local earlier = replay.take(self.content)
  if earlier and earlier.outcome == "unknown" then
    claim.unknown(self.fail, earlier.intent, "this write")
  end
  return earlier and earlier.intent
end

local function count(content)
  occurrences[content] = (occurrences[content] or 0) + 1
  return occurrences[content]
end

---Makes a write, or answers it from the journal.
---@async
---@param client table
---@param endpoint table at least name
---@param request table as siterun.wire takes it; and `once`
---@param judge fun(response?: table, failure?: table): any reads the answer; raises
---@return any ... what judge returns
function M.send(client, endpoint, request, judge)
  local write <close> = new_write(client, endpoint, request)
  write.occurrence = not write.once and count(write.content) or nil
  local intent = claim.placed(write.fail, write.known, write)
  if intent then return recorded(endpoint, intent, judge) end
  claim.placed(write.fail, journal.open)
  local response, failure = wire.send(request, write)
  local results = table.pack(pcall(judge, response, failure))
  write:settle(results, response)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

return M
