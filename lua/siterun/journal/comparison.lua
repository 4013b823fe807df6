-- Compares what was sent with what a service says it has, which is seldom byte for byte the same.
local json = require "c.json"

local M = {}

---The value at "a.b".
---@param value any
---@param place string
---@return any
function M.get(value, place)
  for key in place:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return value
end

local function is_nothing(value)
  return value == nil or value == json.null or value == ""
    or type(value) == "table" and next(value) == nil
end

local function trimmed(text)
  return text:match "^%s*(.-)%s*$"
end

-- Services drop the time of a day, or add one.
local function same_text(sent, got)
  sent, got = trimmed(sent), trimmed(got)
  local is_day = sent:find "^%d%d%d%d%-%d%d%-%d%d" and got:find "^%d%d%d%d%-%d%d%-%d%d"
  return sent == got or is_day and sent:sub(1, 10) == got:sub(1, 10)
    and (#sent == 10 or #got == 10 or got:find "T00:00:00") ~= nil
end

local function same_list(sent, got)
  if #sent ~= #got then return false end
  for i, item in ipairs(sent) do
    if not M.equal(item, got[i]) then return false end
  end
  return true
end

local function same_table(sent, got)
  if json.is_array(sent) or #sent > 0 then return same_list(sent, got) end
  for key, value in pairs(sent) do
    if not M.equal(value, got[key]) then return false end
  end
  return true
end

---Is this what the service makes of what was sent? An object may have more fields there; one of
---a list may be its text alone.
---@param sent any
---@param got any
---@return boolean
function M.equal(sent, got)
  if is_nothing(sent) or is_nothing(got) then return is_nothing(sent) and is_nothing(got) end
  if type(sent) == "table" and type(got) == "table" then return same_table(sent, got) end
  if type(sent) == "table" then return sent.text ~= nil and M.equal(sent.text, got) end
  if type(got) == "table" then return false end
  if type(sent) == "string" and type(got) == "string" then return same_text(sent, got) end
  return sent == got or tostring(sent) == tostring(got)
end

return M
