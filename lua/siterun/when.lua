-- Moments and ages as people give them to filters.
local duration = require "siterun.duration"
local moment = require "siterun.moment"

local M = {}

local YEAR = 366 * 86400

-- An age longer than this is a slip of the pen.
local LONGEST = 100 * YEAR

---@param text string "90s", "12h", "400d"
---@return number? seconds
function M.age(text)
  local days = tostring(text):match "^(%d+%.?%d*)d$"
  local seconds = days and tonumber(days) * 86400 or duration.parse(text)
  return seconds and seconds > 0 and seconds <= LONGEST and seconds or nil
end

local function time_of(day, hour, minute, second)
  local year, month, date = day:match "^(%d+)%-(%d+)%-(%d+)$"
  return os.time { year = year, month = month, day = date, hour = hour, min = minute,
    sec = second }
end

local function clock_of(hour, minute, second)
  return math.tointeger(hour) * 3600 + math.tointeger(minute) * 60 + math.tointeger(second)
end

local function utc_of(day, ...)
  local year, month, date = day:match "^(%d+)%-(%d+)%-(%d+)$"
  return moment.utc(math.tointeger(year), math.tointeger(month), math.tointeger(date),
    clock_of(...))
end

local function of_clock(text)
  local day, hour, minute, rest = text:match "^(%S+)[ T](%d%d):(%d%d)(.*)$"
  local second, zone = (rest or "x"):match "^:?(%d?%d?)(Z?)$"
  if not second or not moment.is_iso(day .. "T" .. hour .. ":" .. minute .. rest) then
    return nil
  end
  local read = zone == "Z" and utc_of or time_of
  return read(day, hour, minute, second ~= "" and second or 0)
end

---Seconds since 1970 of a day (local; its end where `is_end`), a time ("2026-01-31 12:00", with a
---Z at its end in UTC), or an age ("2h", "30d": so long ago).
---@param text string
---@param is_end? boolean
---@return number? seconds nil when it is none of these
function M.read(text, is_end)
  if moment.is_date(text) then
    return is_end and time_of(text, 23, 59, 59) + 0.999 or time_of(text, 0, 0, 0)
  end
  local age = M.age(text)
  if age then return os.time() - age end
  return of_clock(text)
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8,
  Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

---Seconds since 1970 of a Date header (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
---@param text string
---@return integer? seconds nil when it is none
function M.http(text)
  local day, name, year, hour, minute, second =
    text:match "^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not MONTHS[name] then return nil end
  return moment.utc(math.tointeger(year), MONTHS[name], math.tointeger(day),
    clock_of(hour, minute, second))
end

---@param seconds number
---@return string "2026-01-31 12:00:00", local
function M.show(seconds)
  return os.date("%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

---@param seconds number
---@return string "2026-01-31T12:00:00Z"
function M.utc(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

return M
