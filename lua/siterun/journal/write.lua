-- A write: recorded in the journal before its first byte is sent, and its outcome before the
-- call returns. Or answered from the journal, where it was made before.
local claim = require "siterun.journal.claim"
local difference = require "siterun.journal.difference"
local effect = require "siterun.journal.effect"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local json = require "c.json"
local outcome = require "siterun.journal.outcome"
local pathname = require "siterun.pathname"
local production = require "siterun.production"
local replay = require "siterun.journal.replay"
local wire = require "siterun.wire"

local M = {}

-- Headers of an answer that reading it again needs, or that name what was made. Others may hold
-- what is nobody's business, such as cookies.
local KEPT_HEADERS = { "content-type", "location", "etag", "last-modified" }

-- How often this run has made a write of a content without a key.
local occurrences = {}

---What a call sends, without what authenticates it.
---@param client table
---@param endpoint table
---@param request table
---@return siterun.Sent
function M.sent(client, endpoint, request)
  return { service = client.service.name, operation = endpoint.name, method = request.method,
    url = pathname.url(client.url, request.path, request.query), body = request.body }
end

---The fingerprint of what is sent. Lengths keep the fields apart.
---@param sent siterun.Sent
---@return string
function M.content(sent)
  local parts = {}
  for i, name in ipairs { "service", "operation", "method", "url", "body" } do
    local text = sent[name]
    parts[i] = text and #text .. ":" .. text or "-"
  end
  return journal.fingerprint(table.concat(parts, "\n"))
end

local function count(content)
  occurrences[content] = (occurrences[content] or 0) + 1
  return occurrences[content]
end

local function new_write(client, endpoint, request, fail)
  local sent = M.sent(client, endpoint, request)
  local content = M.content(sent)
  return effect.new {
    service = sent.service, operation = sent.operation, once = request.once,
    content = content, sent = sent, occurrence = not request.once and count(content) or nil,
    fail = fail,
  }
end

-- The gate of the wire: what comes before the first byte, and what an end on the way means.
local function gate_of(write)
  local sent = write.sent
  return {
    at_gate = function()
      write:begin { method = sent.method, url = sent.url, body = sent.body,
        occurrence = write.occurrence }
    end,
    cut_off = function(_, is_sent)
      write:cut_off(is_sent)
    end,
  }
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

---@async
local function settle(write, client, results, response)
  local ok, e = results[1], results[2]
  local account, body = client.service.account, answer_of(response)
  if not ok then body.error = failure_of(e) end
  local what = response and "the service answered HTTP " .. response.status
    or "the call ended (" .. tostring(e) .. ")"
  write:settle(outcome.of(ok, e, account and account.refuses_by_503), body, what)
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
    attempts = 0 }
end

local function refuse_other(write, intent)
  local record = journal.last { seq = intent }
  local was = journal.content(record)
  was.service, was.operation = record.service or "journal", record.operation
  write.fail { kind = "usage", message = string.format(
    "once = %q was used for another write (journal %d): %s", write.once, intent,
    difference.between(was, write.sent)) }
end

---@async
local function done_under_key(write)
  local intent, is_other = write:claim()
  if is_other then refuse_other(write, intent) end
  return intent
end

local function done_earlier(write)
  local earlier = replay.take(write.content)
  if earlier and earlier.outcome == "unknown" then
    claim.unknown(write.fail, earlier.intent, "this write")
  end
  return earlier and earlier.intent
end

---Makes a write, or answers it from the journal.
---@async
---@param client table
---@param endpoint table at least name
---@param request table as siterun.wire takes it; and `once`
---@param judge fun(response?: table, failure?: table): any reads the answer; raises
---@param fail fun(fields: table) raises an error of this call
---@return any ... what judge returns
function M.send(client, endpoint, request, judge, fail)
  local write <close> = new_write(client, endpoint, request, fail)
  claim.placed(write.fail, journal.open)
  local known = write.once and done_under_key or done_earlier
  local intent = known(write)
  if intent then return recorded(endpoint, intent, judge) end
  production.pass(write.sent, write.fail)
  local response, failure = wire.send(request, gate_of(write))
  local results = table.pack(pcall(judge, response, failure))
  if write.intent then settle(write, client, results, response) end
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

return M
