---Instants as the services write them. All instants are milliseconds since 1970 UTC.
local M = {}

M.SECOND = 1000
M.HOUR = 3600 * M.SECOND
M.DAY = 24 * M.HOUR

---@param at integer
---@return string "2026-04-15T10:00:00.000Z"
function M.iso(at)
  return os.date("!%Y-%m-%dT%H:%M:%S", at // 1000) .. (".%03dZ"):format(at % 1000)
end

---@param at integer
---@return string "2026-04-15 10:00:00"
function M.naive(at)
  return os.date("!%Y-%m-%d %H:%M:%S", at // 1000) --[[@as string]]
end

---@param at integer
---@return string "2026-04-15"
function M.day(at)
  return os.date("!%Y-%m-%d", at // 1000) --[[@as string]]
end

---@param at integer
---@return string as HTTP's Date header has it
function M.http(at)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", at // 1000) --[[@as string]]
end

---@param at integer
---@return integer the midnight (UTC) before
function M.midnight(at)
  return at - at % M.DAY
end

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function days_in(year, month)
  return month == 2 and is_leap(year) and 29 or MONTH_DAYS[month]
end

local function days_before(year)
  local y = year - 1
  return 365 * y + y // 4 - y // 100 + y // 400
end

---@param text string "2026-04-15"
---@return integer|nil its midnight; nil when there is no such day
function M.parse_day(text)
  local y, m, d = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  y, m, d = math.tointeger(y), math.tointeger(m), math.tointeger(d)
  if not y or y < 1 or m < 1 or m > 12 or d < 1 or d > days_in(y, m) then
    return nil
  end
  local days = days_before(y) - days_before(1970) + d - 1
  for month = 1, m - 1 do
    days = days + days_in(y, month)
  end
  return days * M.DAY
end

---@param text string "2026-04-15 10:00:00"
---@return integer|nil
function M.parse_naive(text)
  local date, h, min, s = text:match("^(%S+) (%d%d):(%d%d):(%d%d)$")
  local day = date and M.parse_day(date)
  h, min, s = math.tointeger(h), math.tointeger(min), math.tointeger(s)
  if not day or h > 23 or min > 59 or s > 59 then
    return nil
  end
  return day + ((h * 60 + min) * 60 + s) * 1000
end

---@param text string a day, or an instant with "T" and "Z" or an offset
---@return integer|nil
function M.parse_iso(text)
  local date, time, rest = text:match("^(%d+%-%d+%-%d+)T(%d%d:%d%d:%d%d)(.*)$")
  if not date then
    return M.parse_day(text)
  end
  local at = M.parse_naive(date .. " " .. time)
  rest = rest:gsub("^%.%d+", "")
  local sign, h, m = rest:match("^([+-])(%d%d):?(%d%d)$")
  if not at or (rest ~= "Z" and not sign) then
    return nil
  end
  local offset = sign and (math.tointeger(h) * 60 + math.tointeger(m)) * 60000 or 0
  return at + (sign == "-" and offset or -offset)
end

return M
