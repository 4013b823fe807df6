-- Clients and their resources: what can be called of them.
local display = require "c.display"
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

---Shows the value when it is a client, or one of its resources.
---@param page view.Page
---@param value any
---@return boolean done
function M.add(page, value)
  local name = type(value) == "table" and name_of(value)
  if name then add_client(page, display.clean(name), value) end
  return name and true or false
end

return M
