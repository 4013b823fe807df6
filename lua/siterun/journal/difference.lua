-- Says what differs between a recorded write and one that is to be made.
local json = require "c.json"
local secret = require "c.secret"

local M = {}

local function keys_of(a, b)
  local list, seen = {}, {}
  for _, t in ipairs { a, b } do
    for key in pairs(t) do
      if not seen[key] then list[#list + 1] = key end
      seen[key] = true
    end
  end
  table.sort(list, function(x, y) return tostring(x) < tostring(y) end)
  return list
end

local function show(value)
  local text = value == nil and "nothing" or json.encode(value) or tostring(value)
  return #text > 60 and text:sub(1, 60) .. "..." or text
end

local function compare(path, was, is, out)
  if type(was) == "table" and type(is) == "table" then
    for _, key in ipairs(keys_of(was, is)) do
      local place = path == "" and tostring(key) or path .. "." .. tostring(key)
      compare(place, was[key], is[key], out)
    end
  elseif was ~= is then
    out[#out + 1] = string.format("%s was %s, now %s", path, show(was), show(is))
  end
end

local function parsed(body)
  if body == nil then return nil end
  local value = json.decode(body)
  return value == nil and body or value
end

---@class siterun.Sent what a write sends, as the journal keeps it
---@field service string
---@field operation string
---@field method string
---@field url string
---@field body? string

---@param was siterun.Sent
---@param is siterun.Sent
---@return string "body.title was "A", now "B"", up to three of them
function M.between(was, is)
  local out = {}
  for _, name in ipairs { "service", "operation", "method", "url" } do
    compare(name, was[name], is[name], out)
  end
  compare("body", parsed(was.body), parsed(is.body and secret.redact(is.body)), out)
  local text = table.concat(out, "; ", 1, math.min(3, #out))
  if #out > 3 then text = text .. string.format("; and %d more", #out - 3) end
  return #out > 0 and text or "a value that is hidden differs"
end

return M
