-- What an HTTP status means to the caller.
local clock = require "c.clock"

local M = {}

local KINDS = { [401] = "auth", [403] = "denied", [404] = "not_found", [429] = "rate_limited" }

local NAMES = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [409] = "Conflict", [422] = "Unprocessable Content",
  [429] = "Too Many Requests",
  [500] = "Internal Server Error", [502] = "Bad Gateway", [503] = "Service Unavailable",
  [504] = "Gateway Timeout",
}

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10,
  Nov = 11, Dec = 12,
}

---Days from 1970-01-01, Gregorian.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leaps = year // 4 - year // 100 + year // 400
  return 365 * year + leaps + (153 * (month - 3) + 2) // 5 + day - 719469
end

---"Wed, 21 Oct 2015 07:28:00 GMT" as seconds of the epoch.
local function http_date(text)
  local day, month, year, hour, minute,
    second = text:match("(%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT")
  if not MONTHS[month] then return nil end
  local date = days(math.tointeger(year), MONTHS[month], math.tointeger(day))
  return date * 86400 + hour * 3600 + minute * 60 + second
end

---The seconds that a Retry-After header asks for; nil where there is none or it is nonsense.
---@param headers table lower-case names
---@return number?
function M.retry_after(headers)
  local text = headers["retry-after"]
  if not text then return nil end
  local seconds = text:match("^%s*(%d+%.?%d*)%s*$")
  if seconds then return tonumber(seconds) end
  local date = http_date(text)
  return date and math.max(0, date - clock.now()) or nil
end

---A 503 is a used-up limit where it says so; else an outage.
local function is_limit(response)
  return response.status == 503 and (M.retry_after(response.headers) ~= nil
    or (response.body or ""):sub(1, 2000):lower():find("rate limit", 1, true) ~= nil)
end

---@param response table status, headers, body
---@return string? kind of error; nil for success
function M.kind(response)
  local status = response.status
  if status >= 200 and status < 300 then return nil end
  if KINDS[status] then return KINDS[status] end
  if is_limit(response) then return "rate_limited" end
  if status >= 400 and status < 500 then return "refused" end
  return "server"
end

---@param status integer
---@return string
function M.name(status)
  if status >= 300 and status < 400 then
    return "the service redirects, which siterun never follows"
  end
  return NAMES[status] or "the service answered with HTTP " .. status
end

return M
