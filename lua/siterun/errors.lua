-- The error table that every failed call raises. What only errors need is loaded with the first
-- one.
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

local function scrub(text, max)
  if text == nil then return nil end
  return require("siterun.line").clean(secret.redact(tostring(text)), max)
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

function Error.__tostring(e)
  return require("siterun.advice").line(e)
end

return M
