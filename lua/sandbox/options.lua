---The command line of `siterun sandbox`.
local fault = require("sandbox.fault")
local nearest = require("siterun.nearest")
local sessions = require("sandbox.sessions")

local M = {}

---@class sandbox.Options
---@field port integer 0: any free one
---@field seed integer
---@field tickets integer
---@field session_ms integer lifetime of a Teleporte session
---@field expires { place: string, form: string } how a session's end is told
---@field faults string[]
---@field limits table<string, table> count (nil: none) and milliseconds, by service
---@field ticketing_api "1.0"|"1.1"
---@field token_place "body"|"header"
---@field retry_after "seconds"|"date"
---@field verbose boolean

local UNITS = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000 }

---@param text string "90s", "10m", "500ms"
---@return integer|nil milliseconds
local function duration(text)
  local count, unit = text:match("^(%d+%.?%d*)(%a*)$")
  local factor = UNITS[unit ~= "" and unit or "s"]
  local ms = count and factor and math.floor(tonumber(count) * factor)
  return ms and ms > 0 and ms or nil
end

local function whole(least, most)
  return function(text)
    local n = text:match("^%d+$") and math.tointeger(text)
    return n and n >= least and n <= most and n or nil
  end
end

local function one_of(...)
  local known = {}
  for _, value in ipairs { ... } do
    known[value] = value
  end
  return function(text)
    return known[text]
  end
end

local SERVICES = one_of("teleporte", "ticketing", "teamworklive")

local function add_limit(text, options)
  local service, rest = text:match("^(%a+)=(.+)$")
  local count, span = (rest or ""):match("^(%d+)/(.+)$")
  local ms = span and duration(span)
  if not SERVICES(service or "")
    or (rest ~= "none" and not (ms and math.tointeger(count) > 0)) then
    return nil, "a limit is written SERVICE=COUNT/DURATION or SERVICE=none"
  end
  options.limits[service] = { math.tointeger(count), ms or 60000 }
  return options.limits
end

local function add_fault(text, options)
  local parsed, message = fault.parse(text)
  if not parsed then
    return nil, message
  end
  table.insert(options.faults, text)
  return options.faults
end

local BY_DEFAULT = "default: ticketing=100/60s teamworklive=6000/1h teleporte=none"

---The options as data: `into` is where the value goes, `read` how.
M.list = {
  { name = "port", argument = "N", into = "port", read = whole(0, 65535),
    text = "port; any free one by default" },
  { name = "seed", argument = "N", into = "seed", read = whole(0, math.maxinteger),
    text = "seed of names and numbers (default 1)" },
  { name = "tickets", argument = "N", into = "tickets", read = whole(0, 1000000),
    text = "how many tickets there are (default 5000)" },
  { name = "limit", argument = "SERVICE=COUNT/DURATION", into = "limits", read = add_limit,
    text = "or SERVICE=none; " .. BY_DEFAULT },
  { name = "session", argument = "DURATION", into = "session_ms", read = duration,
    text = "how long a Teleporte session lasts (default 1h)" },
  { name = "expires", argument = "'PLACE FORM'", into = "expires",
    read = sessions.parse_expires,
    text = "where and how a session tells its end: nested or root; iso, iso_naive, naive, "
      .. "epoch, epoch_ms or absent (default: nested iso)" },
  { name = "ticketing-api", argument = "VERSION", into = "ticketing_api", words = "1.0 1.1",
    read = one_of("1.0", "1.1"),
    text = "1.0 as the document says (default), 1.1 as live services were seen" },
  { name = "token-place", argument = "PLACE", into = "token_place", words = "body header",
    read = one_of("body", "header"),
    text = "where continuationToken comes: body (default) or header" },
  { name = "retry-after", argument = "FORM", into = "retry_after", words = "seconds date",
    read = one_of("seconds", "date"), text = "seconds (default) or date" },
  { name = "fault", argument = "'SERVICE METHOD PATH WHAT PROBABILITY [COUNT]'",
    into = "faults", read = add_fault,
    text = "may be repeated; {id} in PATH stands for one segment, * for anything. WHAT: a "
      .. "status (503, or 503/2 with Retry-After: 2), drop, stall, html or error (200 that "
      .. "holds an error) before anything is done; lost (no answer), truncate, bom or empty "
      .. "after it was done" },
  { name = "verbose", text = "one line per request on standard error" },
}

local BY_NAME = {}
for _, option in ipairs(M.list) do
  BY_NAME[option.name] = option
end

---@return sandbox.Options
function M.defaults()
  return {
    port = 0, seed = 1, tickets = 5000, session_ms = UNITS.h,
    expires = { place = "nested", form = "iso" },
    faults = {}, limits = {}, ticketing_api = "1.0", token_place = "body",
    retry_after = "seconds",
    verbose = false,
  }
end

local function read_one(options, name, value)
  local option = BY_NAME[name]
  if not option then
    return ("there is no option --%s%s"):format(name, nearest.hint(name, nearest.keys(BY_NAME)))
  elseif not value then
    return "--" .. name .. " needs a value"
  end
  local parsed, message = option.read(value, options)
  if parsed == nil then
    return ("--%s '%s': %s"):format(name, value, message or "not understood")
  end
  options[option.into] = parsed
end

---@param args string[]
---@return sandbox.Options|nil
---@return string|nil what is wrong
function M.parse(args)
  local options, i = M.defaults(), 1
  while args[i] do
    local name, value = args[i]:match("^%-%-([%a-]+)=?(.*)$")
    if name == "help" or args[i] == "-h" then
      return { help = true }
    elseif name == "verbose" then
      options.verbose, i = true, i + 1
    elseif not name then
      return nil, "'" .. args[i] .. "' is not an option"
    else
      local joined = args[i]:find("=", 1, true) == #name + 3
      local problem = read_one(options, name, joined and value or args[i + 1])
      if problem then
        return nil, problem
      end
      i = i + (joined and 1 or 2)
    end
  end
  return options
end

return M
