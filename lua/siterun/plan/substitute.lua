-- Puts what a service has made in the place of the stand-ins that a plan holds for it.
local equal = require "siterun.equal"
local json = require "c.json"
local pathname = require "siterun.pathname"

local M = {}

-- "dry-run-3", or a field of it that is no id: "dry-run-3.ticketNo".
local STANDIN = "(dry%-run%-%d+)(%.?%a*)"

---@param real table<string, any> by stand-in
---@param names table<string, string> field -> stand-in
---@param object table what the service answered
function M.learn(real, names, object)
  for field, name in pairs(names) do
    local value = object[field]
    if type(value) == "string" or type(value) == "number" then real[name] = value end
  end
end

---A text with the real values; `write` brings them to the form that they have there.
local function text_with(text, real, write)
  return (text:gsub(STANDIN, function(id, field)
    if real[id .. field] ~= nil then return write(real[id .. field]) end
    if real[id] ~= nil then return write(real[id]) .. field end
  end))
end

local function value_with(value, real)
  if type(value) == "string" then
    return text_with(value, real, pathname.text)
  end
  if type(value) ~= "table" then return value end
  local out = json.is_array(value) and json.array {} or json.object {}
  for key, inner in pairs(value) do out[key] = value_with(inner, real) end
  return out
end

local function body_with(body, real)
  local value = json.decode(body)
  if type(value) ~= "table" then return text_with(body, real, pathname.text) end
  return json.encode(value_with(value, real)) or body
end

local function segment(value)
  return (assert(pathname.segment(value)))
end

---@param entry siterun.Planned
---@param real table<string, any>
---@return siterun.Planned
function M.entry(entry, real)
  local out = {}
  for name, value in pairs(entry) do out[name] = value end
  out.path = text_with(entry.path, real, segment)
  out.query = text_with(entry.query, real, pathname.text)
  out.body = entry.body and body_with(entry.body, real)
  return out
end

---A stand-in is a text also where the service makes a number.
local function is_same_leaf(a, b)
  return a == b or type(a) == "string" and type(b) == "number" and a == pathname.text(b)
end

local function same_body(planned, is)
  if planned == is then return true end
  local a, b = planned and json.decode(planned), is and json.decode(is)
  return type(a) == "table" and type(b) == "table" and equal.deep(a, b, is_same_leaf)
end

---@param planned siterun.Sent
---@param is siterun.Sent
---@return boolean
function M.equal(planned, is)
  for _, name in ipairs { "service", "operation", "method", "url", "once" } do
    if planned[name] ~= is[name] then return false end
  end
  return same_body(planned.body, is.body)
end

return M
