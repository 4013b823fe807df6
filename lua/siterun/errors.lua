-- The error table that every failed call raises, and the one line that tells a person what to
-- do.
local line = require "siterun.line"
local secret = require "c.secret"

local M = {}

---@alias siterun.Kind
---| "config" | "usage" | "auth" | "denied" | "not_found" | "refused" | "rate_limited"
---| "server" | "network" | "timeout" | "decode" | "deadline"
---| "unknown_outcome" | "interrupted"

---@class siterun.Error
---@field kind siterun.Kind
---@field service? string
---@field operation? string "tickets:create"
---@field status? integer HTTP status
---@field message string what happened; what the service said, where it said something
---@field errors string[] the service's complaints one by one
---@field code? string the service's own error code
---@field retryable boolean is it safe and sensible to make the same call again?
---@field sent string "no", "yes" or "unknown": did the request reach the service?
---@field attempts integer
---@field retry_after? number seconds
---@field url? string without secrets
---@field hint? string what to do
local Error = {}
Error.__index = Error
Error.__name = "siterun.Error"

local EXIT_CODES = {
  config = 3, auth = 3, usage = 2, denied = 4, not_found = 4, refused = 4, rate_limited = 4,
  server = 5, network = 5, timeout = 5, decode = 5, deadline = 6, unknown_outcome = 7,
  interrupted = 130,
}

local RETRYABLE = { rate_limited = true, server = true, network = true, timeout = true }

M.HINTS = {
  auth = "check the credentials",
  denied = "the account has no permission for this",
  not_found = "check the id or the path",
  refused = "correct what the service names",
  rate_limited = "the account's limit is used up: try again later",
  server = "the service failed: try again later",
  network = "check the address and the network",
  timeout = "try again, or give the call a larger timeout",
  decode = "the answer is not of the documented form: look at it with --trace",
  deadline = "give the call or the run (--deadline) more time, or start it again later",
  unknown_outcome = "look at the service whether it happened before repeating it",
}

---What a person must know about what happened at the service.
local function effect(e)
  if e.kind == "unknown_outcome" and e.sent == "unknown" then
    return "it may or may not have taken effect"
  end
  return e.service and e.sent == "no" and "nothing was sent" or nil
end

local function scrub(text, max)
  return text ~= nil and line.clean(secret.redact(tostring(text)), max) or nil
end

local function scrub_list(list)
  local out = {}
  for i, text in ipairs(list or {}) do
    if i > 50 then break end
    out[i] = scrub(text)
  end
  return out
end

---Makes an error table. Texts are freed of secrets and made single lines here, so every field
---is safe to print.
---@param fields table the fields of siterun.Error; `kind` is required
---@return siterun.Error
function M.new(fields)
  assert(EXIT_CODES[fields.kind], "unknown kind of error")
  local e = setmetatable({}, Error)
  for name, value in pairs(fields) do e[name] = value end
  e.message = scrub(fields.message or fields.kind)
  e.errors = scrub_list(fields.errors)
  e.code, e.url = scrub(fields.code, 100), scrub(fields.url, 2000)
  e.sent, e.attempts = fields.sent or "no", fields.attempts or 0
  if e.retryable == nil then e.retryable = RETRYABLE[e.kind] or false end
  return e
end

---Raises an error table, made from `fields` if it is not one yet.
---@param fields table
function M.raise(fields)
  error(M.is(fields) and fields or M.new(fields), 0)
end

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == Error
end

---Makes an error from the table that a c.* function returned, adding what the caller knows.
---@param raw table kind, message, sent, attempts, retry_after
---@param known? table service, operation, url, hint
---@return siterun.Error
function M.from(raw, known)
  if M.is(raw) then return raw end
  local fields = {}
  for name, value in pairs(raw) do fields[name] = value end
  for name, value in pairs(known or {}) do fields[name] = value end
  return M.new(fields)
end

---The exit code of a run that ends with `value` as its error.
---@param value any
---@return integer
function M.exit_code(value)
  return M.is(value) and EXIT_CODES[value.kind] or 1
end

local UNITS = {
  { name = "s", seconds = 1, most = 120 }, { name = "min", seconds = 60, most = 180 },
  { name = "h", seconds = 3600, most = 72 },
  { name = "days", seconds = 86400, most = math.huge },
}

---"now", "in 42 s", "in 15 min": a wait as a person says it.
---@param seconds number
---@return string
local function wait(seconds)
  if seconds <= 0 then return "now" end
  for _, unit in ipairs(UNITS) do
    local count = math.ceil(seconds / unit.seconds)
    if count < unit.most then return ("in %d %s"):format(count, unit.name) end
  end
end

-- Not every pause is for the account's own limit.
local function pause_advice(e)
  local again = "try again " .. wait(e.retry_after)
  if e.status == 503 then return "the service asks for a pause: " .. again end
  return (e.status and "the account's limit is used up: " or "") .. again
end

local function deadline_advice(seconds)
  return "give the call or the run (--deadline) more time, or start it again " .. wait(seconds)
end

---What to do about it.
---@param e siterun.Error
---@return string?
function M.advice(e)
  if e.kind == "rate_limited" and e.retry_after then return pause_advice(e) end
  if e.kind == "deadline" and (e.retry_after or 0) > 0 then
    return deadline_advice(e.retry_after)
  end
  return e.hint or M.HINTS[e.kind]
end

local function place(e)
  local words = {}
  if e.service then words[#words + 1] = e.service end
  if e.operation then words[#words + 1] = e.operation end
  return #words > 0 and table.concat(words, " ") .. ": " or ""
end

local function complaints(e)
  local extra = {}
  for _, text in ipairs(e.errors) do
    if not e.message:find(text, 1, true) then extra[#extra + 1] = text end
  end
  return #extra > 0 and line.cut(" (" .. table.concat(extra, ", "), 300) .. ")" or ""
end

function Error.__tostring(e)
  local status = e.status and string.format(" (HTTP %d)", e.status) or ""
  local said = e.message:gsub("([^.])%.$", "%1")
  local parts = { place(e) .. e.kind .. status .. ": " .. said .. complaints(e) }
  parts[#parts + 1] = effect(e)
  parts[#parts + 1] = M.advice(e)
  return line.clean(table.concat(parts, "; "), 1500)
end

return M
