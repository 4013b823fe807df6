-- One setting's value: from what somebody wrote to what a client uses, or what is wanted.
local duration = require "siterun.duration"
local nearest = require "siterun.nearest"
local proxy = require "siterun.config.proxy"
local secret = require "c.secret"
local source = require "siterun.config.source"
local url = require "c.url"

local M = {}

local function string_value(_, raw)
  if type(raw) == "string" and raw ~= "" and not raw:find("%c") then return raw end
  return nil, "text without control characters"
end

-- A colon would end the name where it is sent (RFC 7617 2).
local function email_value(_, raw)
  local is_address = type(raw) == "string" and raw:find "^[^%s%c@:]+@[^%s%c@:]+$"
  return is_address and raw or nil, "an e-mail address"
end

-- The address without a trailing slash, so that paths can be put behind it.
local function url_value(setting, raw)
  local ends = setting.ends
  local wanted = ends and "an address that ends in " .. ends or "an address (https://...)"
  if type(raw) ~= "string" then return nil, wanted end
  local checked, failure = url.check((raw:gsub("/+$", "")))
  if not checked then return nil, wanted .. ": " .. failure.message end
  if checked:find("?", 1, true) then return nil, wanted .. ": it has a query" end
  return (not ends or checked:sub(-#ends) == ends) and checked or nil, wanted
end

local function proxy_value(_, raw)
  return proxy.is_address(raw) and raw or nil, proxy.WANTED
end

local function limit_value(_, raw)
  local limit = type(raw) == "string" and duration.limit(raw)
  return limit or nil, "COUNT/DURATION, for example 100/60s"
end

local function duration_value(_, raw)
  local seconds = type(raw) == "string" and duration.parse(raw)
  return seconds or nil, "a duration, for example 500ms, 90s, 10m or 1h"
end

-- A version may be written as a number: 1.1.
local function enum_value(setting, raw)
  for _, value in ipairs(setting.values) do
    if value == raw or math.type(raw) and value == tostring(raw) then return value end
  end
  local known = table.concat(setting.values, ", ")
  return nil, "one of " .. known .. nearest.hint(raw, setting.values)
end

local function integer_value(_, raw)
  local text = type(raw) == "string" and raw:match("^%-?%d+$") or raw
  return math.tointeger(tonumber(text)), "a whole number"
end

local BOOLEANS = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false }

local function boolean_value(_, raw)
  if type(raw) == "boolean" then return raw end
  return BOOLEANS[raw], "true or false"
end

-- Here the value itself must never become part of a message.
local function secret_value(_, raw, place)
  if secret.is(raw) then return raw end
  if source.is(raw) then return source.fetch(raw) end
  if type(raw) ~= "string" then return nil, "a secret, not a " .. type(raw) end
  local handle, failure = secret.new(raw, place)
  return handle, failure and failure.message
end

local READERS = {
  string = string_value,
  email = email_value,
  url = url_value,
  proxy = proxy_value,
  limit = limit_value,
  duration = duration_value,
  enum = enum_value,
  integer = integer_value,
  boolean = boolean_value,
  secret = secret_value,
}

-- Where an address may hold a password or a key.
local ADDRESSES = { url = true, proxy = true }

local function shown(setting, raw)
  if math.type(raw) then return tostring(raw) end
  if type(raw) ~= "string" then return "a " .. type(raw) end
  if ADDRESSES[setting.type] or raw:find("://", 1, true) then
    raw = raw:gsub("^.*@", "***@"):gsub("%?.*", "?***")
  end
  return string.format("%q", #raw > 80 and raw:sub(1, 80) .. "..." or raw)
end

---@param setting table one of a declaration's settings
---@param raw any
---@param place string where it was written: "TICKETING_LIMIT"
---@return any value nil when it is no good
---@return string? why
function M.read(setting, raw, place)
  local value, why = READERS[setting.type](setting, raw, place)
  if value ~= nil then return value end
  if setting.type == "secret" then return nil, place .. ": " .. why end
  return nil, string.format("%s: %s is not %s", place, shown(setting, raw), why)
end

---@param setting table
---@return boolean
function M.has_type(setting)
  return READERS[setting.type] ~= nil
end

return M
