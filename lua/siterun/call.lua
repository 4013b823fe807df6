-- One call over the wire: sends, judges, decodes; raises the error table with what to do.
local answer = require "siterun.answer"
local errors = require "siterun.errors"
local reason = require "siterun.reason"
local status = require "siterun.status"
local wire = require "siterun.wire"
local write = require "siterun.journal.write"

local M = {}

---What to do about an error: the endpoint's hints, then the service's; first those for just
---reads or writes.
local function hint(service, endpoint, kind)
  local side = kind .. (endpoint.write and ":write" or ":read")
  local own, general = endpoint.hints or {}, service.hints
  return own[side] or own[kind] or general[side] or general[kind]
end

---Raises an error of this call. `fields` holds what is known; place and hint are added.
---@param client table
---@param endpoint table at least name and write
---@param fields table
function M.fail(client, endpoint, fields)
  local service = client.service
  fields.service, fields.operation = service.name, endpoint.name
  local is_open = fields.kind == "unknown_outcome" or fields.kind == "server"
  if endpoint.write and is_open and fields.sent ~= "no" then
    fields.hint, fields.retryable = fields.hint or endpoint.look, false
  end
  fields.hint = fields.hint or hint(service, endpoint, fields.kind)
  errors.raise(fields)
end

-- What failed before the first attempt, such as a login, sent nothing of this call.
local function fail_unanswered(client, endpoint, raw)
  if raw.attempts == 0 then raw.sent = "no" end
  M.fail(client, endpoint, raw)
end

local function fields_of(response, kind)
  return { kind = kind, status = response.status, sent = "yes", attempts = response.attempts,
    url = response.url }
end

---A write is safe to repeat after a 503 only where the service documents it as its refusal.
local function may_have_happened(client, endpoint, response)
  return endpoint.write and response.status == 503 and not client.service.account.refuses_by_503
end

local function fail_status(client, endpoint, response)
  local kind = status.kind(response)
  if may_have_happened(client, endpoint, response) then kind = "server" end
  local fields, found = fields_of(response, kind), reason.find(response)
  fields.message = found.message or status.name(response.status)
  if response.status < 400 then
    fields.message = status.name(response.status)
    fields.hint, fields.retryable = "check the configured address", false
  end
  fields.errors, fields.code = found.errors, found.code
  fields.retry_after = response.retry_after
  M.fail(client, endpoint, fields)
end

---A service may say in a 2xx answer that it failed.
local function fail_inside(client, endpoint, response, value)
  local code = math.tointeger(value.statusCode)
  local inner = code and code >= 400 and code < 600 and code or 400
  local kind = status.kind { status = inner, body = response.body }
  local fields, found = fields_of(response, kind), reason.find(response)
  fields.status = code or response.status
  fields.message = found.message or "the service reports an error without a message"
  fields.errors, fields.code = found.errors, found.code
  M.fail(client, endpoint, fields)
end

---An answer that can't be read: of a write nobody knows whether it happened.
---@param client table
---@param endpoint table
---@param response table
---@param problem string
function M.unreadable(client, endpoint, response, problem)
  local fields = fields_of(response, endpoint.write and "unknown_outcome" or "decode")
  fields.message = problem
  M.fail(client, endpoint, fields)
end

---@alias siterun.Take fun(client: table, endpoint: table, response: table): any

---Raises what an answer, or its absence, means; of a success returns what `take` makes.
---@param client table
---@param endpoint table at least name and write
---@param take siterun.Take
---@param response? table
---@param raw? table why there is none
---@return any ... what `take` returns
function M.judge(client, endpoint, take, response, raw)
  if not response then return fail_unanswered(client, endpoint, raw) end
  local code = response.status
  if code >= 200 and code < 300 then return take(client, endpoint, response) end
  return fail_status(client, endpoint, response)
end

---Sends a request and reads the answer whose status says success; raises otherwise. A write goes
---through the journal.
---@async
---@param client table
---@param endpoint table at least name and write
---@param request table
---@param take siterun.Take
---@return any ... what `take` returns
function M.receive(client, endpoint, request, take)
  if not endpoint.write then
    return M.judge(client, endpoint, take, wire.send(request))
  end
  return write.send(client, endpoint, request, function(response, raw)
    return M.judge(client, endpoint, take, response, raw)
  end, function(fields)
    M.fail(client, endpoint, fields)
  end)
end

---Decodes what the service accepted; raises where it can't be read, or says that it failed.
---@param client table
---@param endpoint table
---@param response table
---@return any value nil where the body is empty
function M.decode(client, endpoint, response)
  local value, problem = answer.decode(response)
  if problem then return M.unreadable(client, endpoint, response, problem) end
  if type(value) == "table" and value.error == true then
    fail_inside(client, endpoint, response, value)
  end
  return value
end

return M
