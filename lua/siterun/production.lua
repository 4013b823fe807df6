-- A profile that is marked `production`: a session asks before its first write there.
local config = require "siterun.config"
local display = require "c.display"
local scheduler = require "siterun.scheduler"
local secret = require "c.secret"
local settings = require "siterun.settings"

local M = {
  ---@type fun(question: string): boolean, string? set by a session; is the answer yes, and if
  ---it could not be asked, why
  ask = nil,
}

-- Names of profiles in which the session may write.
local allowed = {}

---The name of the profile in use, when it is marked.
---@return string?
function M.profile()
  if settings.sandbox then return nil end
  local from = config.load()
  return from.production and from.profile or nil
end

-- Those that come while somebody is asked wait for the answer.
local question = { waiters = {}, is_open = false }

function question:ready()
  return not self.is_open
end

local function answer_to(text)
  question.is_open = true
  local ok, is_yes, why = pcall(M.ask, text)
  question.is_open = false
  scheduler.wake(question)
  if not ok then error(is_yes, 0) end
  return is_yes, why
end

---Returns when the session may write to the profile; `fail` raises otherwise. Scripts may.
---@async
---@param sent siterun.Sent
---@param fail fun(fields: table) raises
function M.pass(sent, fail)
  if not M.ask then return end
  scheduler.wait(question)
  local profile = M.profile()
  if not profile or allowed[profile] then return end
  local address = sent.url:gsub("%?.*", "")
  local text = display.clean(secret.redact(sent.method .. " " .. address))
  local is_yes, why =
    answer_to(("profile '%s' is production: send %s? [y/N] "):format(profile, text))
  allowed[profile] = is_yes or nil
  if is_yes then return end
  fail { kind = "denied", sent = "no",
    message = ("profile '%s' is production, and %s"):format(profile,
      why or "you did not allow the write"),
    hint = "the next write asks again" }
end

return M
