-- Days and times as the services write them.
local M = {}

local DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function days_in(year, month)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return month == 2 and leap and 29 or DAYS[month]
end

local function is_day(year, month, day)
  year, month, day = math.tointeger(year), math.tointeger(month), math.tointeger(day)
  return month >= 1 and month <= 12 and day >= 1 and day <= days_in(year, month)
end

local function is_time(hour, minute, second)
  return tonumber(hour) < 24 and tonumber(minute) < 60 and tonumber(second) < 60
end

---Seconds since 1970 of a time in UTC. The year begins in March, so that the leap day is its last one.
---@param year integer
---@param month integer
---@param day integer
---@param clock number seconds since midnight
---@return number seconds
function M.utc(year, month, day, clock)
  if month <= 2 then year, month = year - 1, month + 12 end
  local leaps = year // 4 - year // 100 + year // 400
  local days = 365 * year + leaps + (153 * (month - 3) + 2) // 5 + day - 719469
  return days * 86400 + clock
end

---Is this a day that exists, written YYYY-MM-DD?
---@param text string
---@return boolean
function M.is_date(text)
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  return year ~= nil and is_day(year, month, day)
end

---Is this a moment that exists, written YYYY-MM-DD HH:MM:SS?
---@param text string
---@return boolean
function M.is_stamp(text)
  local day, hour, minute, second = text:match("^(%S+) (%d%d):(%d%d):(%d%d)$")
  return day ~= nil and M.is_date(day) and is_time(hour, minute, second)
end

local function is_zone(text)
  return text == "" or text == "Z" or text:match("^[+-]%d%d:?%d%d$") ~= nil
end

---Is this a moment in ISO 8601: YYYY-MM-DDTHH:MM[:SS[.fraction]][zone]?
---@param text string
---@return boolean
function M.is_iso(text)
  local day, hour, minute, rest = text:match("^(%d+%-%d+%-%d+)T(%d%d):(%d%d)(.*)$")
  if not day then return false end
  local second, zone = rest:match("^:(%d%d)(.*)$")
  zone = (zone or rest):gsub("^%.%d+", "")
  return M.is_date(day) and is_time(hour, minute, second or "00") and is_zone(zone)
end

return M
