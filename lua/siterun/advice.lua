-- The one line of an error that tells a person what happened and what to do.
local line = require "siterun.line"

local M = {}

---By the kind of the error.
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
function M.of(e)
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

---The error as one line.
---@param e siterun.Error
---@return string
function M.line(e)
  local status = e.status and string.format(" (HTTP %d)", e.status) or ""
  local said = e.message:gsub("([^.])%.$", "%1")
  local parts = { place(e) .. e.kind .. status .. ": " .. said .. complaints(e) }
  parts[#parts + 1] = effect(e)
  parts[#parts + 1] = M.of(e)
  return line.clean(table.concat(parts, "; "), 1500)
end

return M
