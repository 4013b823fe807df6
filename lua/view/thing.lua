-- Values that are more than data: clients, errors, iterators.
local display = require "c.display"
local errors = require "siterun.errors"
local fields = require "view.fields"
local wrap = require "view.wrap"

local M = {}

local function name_of(value)
  local meta = debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return type(name) == "string" and name:match("^siterun%.([%w_.]+)$")
end

---The methods and resources of a client.
local function members(value)
  local names = {}
  for key, member in next, value do
    local inner = type(member) == "table" and name_of(member)
    if type(key) == "string" and (type(member) == "function" or inner) then
      names[#names + 1] = ":" .. key
      if inner then names[#names] = "." .. key end
    end
  end
  table.sort(names)
  return names
end

local function add_client(page, name, value)
  local names = members(value)
  local text = name .. (#names > 0 and ": " .. table.concat(names, " ") or "")
  for _, line in ipairs(wrap.lines(text, page.width)) do page:add(line) end
end

-- The fields of an error, below the line that says what to do.
local function add_error(page, e)
  for i, line in ipairs(wrap.lines(tostring(e), page.width)) do
    page:add(i == 1 and page:paint("error", line) or line)
  end
  local plain = {}
  for key, value in next, e do plain[key] = value end
  fields.add(page, plain, 1, {})
end

---Shows the value when it is one of these.
---@param page view.Page
---@param value any
---@return boolean done
function M.add(page, value)
  if type(value) ~= "table" then return false end
  if errors.is(value) then
    add_error(page, value)
    return true
  end
  local name = name_of(value)
  if name then add_client(page, display.clean(name), value) end
  return name ~= nil and name ~= false
end

return M
