-- Puts values into a path and parts a path from its query.
local url = require "c.url"

local M = {}

-- What may stand in a path as it is (RFC 3986 3.3), and "%", for paths that are encoded
-- already.
local OUTSIDE = "[^%w%-%._~!$&'()*+,;=:@%%/]"

local function escape(byte)
  return string.format("%%%02X", byte:byte())
end

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)",
    function(hex) return string.char(tonumber(hex, 16)) end))
end

---The names and values of "a=b&c=d", in order.
---@param query string
---@return table[] pairs
function M.query(query)
  local pairs_of = {}
  for part in query:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=?(.*)$")
    pairs_of[#pairs_of + 1] = { unescape(name), unescape(value) }
  end
  return pairs_of
end

---Parts "a/b?c=d" into the encoded path and the pairs of its query.
---@param text string
---@return string path, table[] pairs
function M.split(text)
  local path, query = text:match("^([^?]*)%??(.*)$")
  return (path:gsub(OUTSIDE, escape)), M.query(query)
end

---A value as text: 7, not 7.0.
---@param value any string, number or boolean
---@return string
function M.text(value)
  if type(value) == "string" then return value end
  if math.type(value) == "float" then return string.format("%.14g", value) end
  return tostring(value)
end

---An address as people and records see it; nothing in the query is encoded.
---@param base string
---@param path string encoded
---@param query? table[] pairs
---@return string
function M.url(base, path, query)
  local parts = {}
  for i, pair in ipairs(query or {}) do
    parts[i] = M.text(pair[1]) .. "=" .. M.text(pair[2])
  end
  return base .. path .. (#parts > 0 and "?" .. table.concat(parts, "&") or "")
end

---One path segment, encoded.
---@param value any
---@return string? text nil for what can't be one
---@return string? problem
function M.segment(value)
  local text, err = url.segment(M.text(value))
  return text, err and err.message
end

---Adds the suffix of a form to a path that has none of the known ones yet.
---@param path string
---@param suffix table declaration's suffix
---@param form? string
---@return string
function M.suffixed(path, suffix, form)
  for _, ending in pairs(suffix.values) do
    if path:sub(-#ending) == ending then return path end
  end
  return path .. suffix.values[form or suffix.default]
end

return M
