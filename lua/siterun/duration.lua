-- Durations and limits as people write them: "500ms", "60s", "10m", "1h"; "100/60s".
local M = {}

local SECONDS = { ms = 0.001, s = 1, m = 60, h = 3600 }

-- A window or wait longer than this is a slip of the pen.
local LONGEST = 366 * 86400

---@param text any
---@return number? seconds nil when it is no duration
function M.parse(text)
  local digits, unit = string.match(tostring(text), "^(%d+%.?%d*)(%a+)$")
  local scale = SECONDS[unit]
  local seconds = scale and tonumber(digits) * scale
  if not seconds or seconds <= 0 or seconds > LONGEST then return nil end
  return seconds
end

---@param text any "COUNT/DURATION"
---@return {count: integer, window: number}? limit window in seconds; nil when it is no limit
function M.limit(text)
  local digits, duration = string.match(tostring(text), "^(%d+)/(%S+)$")
  local count, window = math.tointeger(tonumber(digits)), M.parse(duration)
  if not count or not window or count < 1 or count > 1000000 then return nil end
  return { count = count, window = window }
end

return M
