-- Times of ISO 8601 with a zone, and the same in local time.
local moment = require("siterun.moment")

local M = {}

local PATTERN = "^(%d%d%d%d)%-(%d%d)%-(%d%d)[T ](%d%d):(%d%d)(.*)$"

-- Zone as it is written -> seconds east of Greenwich. There are no more than fit four digits.
local zones = { Z = 0 }

local function read_zone(text)
  local sign, hours, minutes = text:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
  zones[text] = sign == "-" and -seconds or seconds
  return zones[text]
end

local function zone_of(text)
  return zones[text] or read_zone(text)
end

---Seconds since 1970 UTC, and the zone's seconds east; nil where the text is no such time.
---@param text string
---@return integer? seconds, integer? zone
function M.parse(text)
  local year, month, day, hour, minute, rest = text:match(PATTERN)
  if not year then return nil end
  local second, zone_text = rest:match("^:(%d%d)%.?%d*(.*)$")
  local zone = zone_of(zone_text or rest)
  if not zone or tonumber(month) - 1 > 11 or tonumber(hour) > 24 then return nil end
  local clock = tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second or 0)
  local seconds = moment.utc(tonumber(year), tonumber(month), tonumber(day), clock)
  return math.tointeger(seconds - zone), zone
end

---The same in local time: "2026-11-21 22:02:06"; nil where that says nothing new, or the text is
---no time with a zone.
---@param text string
---@return string?
function M.here(text)
  local seconds, zone = M.parse(text)
  if not seconds then return nil end
  local here = os.date("%Y-%m-%d %H:%M:%S%z", seconds)
  if zone_of(here:sub(20)) == zone then return nil end
  return here:sub(1, 19)
end

return M
