---Faults on demand: 'SERVICE METHOD PATH WHAT PROBABILITY [COUNT]'.
local reply = require("sandbox.reply")

local M = {}

---@class sandbox.Fault
---@field text string as it was written
---@field service string
---@field method string or "*"
---@field pattern string a Lua pattern for the path
---@field what string
---@field status? integer
---@field retry_after? integer seconds
---@field probability number
---@field left number how many times it may still happen

---Faults that strike before the service does anything.
local BEFORE = { drop = true, stall = true, html = true, error = true }

---Faults that strike after the service has done its work.
local AFTER = { lost = true, truncate = true, bom = true, empty = true }

local SERVICES = { teleporte = true, ticketing = true, teamworklive = true, ["*"] = true }

---"{id}" stands for one segment, "*" for anything.
local function to_pattern(path)
  local escaped = path:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0")
  return "^" .. escaped:gsub("%*", ".*"):gsub("{[^}/]*}", "[^/]+") .. "$"
end

local function read_what(fault, what)
  local status, seconds = what:match("^(%d%d%d)/?(%d*)$")
  fault.status = math.tointeger(status)
  fault.retry_after = math.tointeger(seconds)
  return BEFORE[what] or AFTER[what]
    or (fault.status and fault.status >= 200 and fault.status <= 599)
end

---@param text string
---@return sandbox.Fault|nil
---@return string|nil what is wrong with it
function M.parse(text)
  local words = {}
  for word in text:gmatch("%S+") do
    words[#words + 1] = word
  end
  local service, method, path, what = table.unpack(words, 1, 4)
  if #words < 5 or #words > 6 then
    return nil, "a fault is written SERVICE METHOD PATH WHAT PROBABILITY [COUNT]"
  elseif not SERVICES[service] then
    return nil, "no service is called '" .. service .. "'"
  end
  local probability = tonumber(words[5])
  local left = #words == 6 and math.tointeger(words[6]) or math.huge
  local fault = { text = text, service = service, method = method, pattern = to_pattern(path),
    what = what,
    probability = probability, left = left }
  if not read_what(fault, what) then
    return nil, "'" .. what .. "' is neither a status nor a fault"
  elseif not probability or probability < 0 or probability > 1 then
    return nil, "the probability '" .. words[5] .. "' is not between 0 and 1"
  elseif #words == 6 and not math.tointeger(words[6]) then
    return nil, "the count '" .. words[6] .. "' is not a whole number"
  end
  return fault
end

local function concerns(fault, call)
  local path = call.service.name == "teamworklive" and call.path:gsub("%.%a+$", "") or call.path
  return (fault.service == "*" or fault.service == call.service.name)
    and (fault.method == "*" or fault.method == call.method)
    and (path:find(fault.pattern) or call.path:find(fault.pattern))
end

---@param faults sandbox.Fault[]
---@param call sandbox.Call
---@param r sandbox.Random
---@return sandbox.Fault|nil the first that strikes this call
function M.pick(faults, call, r)
  for _, fault in ipairs(faults) do
    if fault.left > 0 and concerns(fault, call) and r:chance(fault.probability) then
      fault.left = fault.left - 1
      return fault
    end
  end
end

---@param fault sandbox.Fault
---@param call sandbox.Call
---@return sandbox.Reply|nil in place of the service's work; nil when that comes first
function M.before(fault, call)
  if fault.status then
    local headers = fault.retry_after
      and { { "Retry-After", call.retry_after(fault.retry_after) } }
    return call.service.refuse(fault.status, "A fault on demand.", headers, call)
  elseif fault.what == "html" then
    return reply.html()
  elseif fault.what == "error" then
    return reply.json(200, { error = true, message = "A fault on demand." })
  elseif BEFORE[fault.what] then
    return { status = 0, headers = {}, body = "", fault = fault.what }
  end
end

---@param fault sandbox.Fault
---@param answer sandbox.Reply
---@return sandbox.Reply
function M.after(fault, answer)
  if fault.what == "lost" then
    answer.fault = "drop"
  elseif fault.what == "truncate" then
    answer.fault = "truncate"
  elseif fault.what == "bom" then
    answer.body = "\u{FEFF}" .. answer.body
  elseif fault.what == "empty" then
    answer.body = ""
  end
  return answer
end

return M
