---Checks of bodies and parameters. A check is `function(value, path) -> nil | message`.
local json = require("c.json")

local M = {}

local function complain(path, text)
  return (path == "" and "The body" or "'" .. path .. "'") .. " " .. text
end

function M.text(value, path)
  if type(value) ~= "string" then
    return complain(path, "must be a string")
  end
end

function M.filled(value, path)
  if type(value) ~= "string" or value:match("^%s*$") then
    return complain(path, "is required and must be a non-empty string")
  end
end

function M.integer(value, path)
  if math.type(value) ~= "integer" then
    return complain(path, "must be an integer")
  end
end

function M.boolean(value, path)
  if type(value) ~= "boolean" then
    return complain(path, "must be a boolean")
  end
end

function M.any() end

---@param values string[]
function M.one_of(values)
  local known = {}
  for _, value in ipairs(values) do
    known[value] = true
  end
  return function(value, path)
    if type(value) ~= "string" or not known[value] then
      return complain(path, "must be one of: " .. table.concat(values, ", "))
    end
  end
end

---@param test fun(text: string): any
---@param text string what it must be
function M.parsed(test, text)
  return function(value, path)
    if type(value) ~= "string" or not test(value) then
      return complain(path, "must be " .. text)
    end
  end
end

---@param check function of each element
---@param least? integer how many there must be
function M.list(check, least)
  return function(value, path)
    if type(value) ~= "table" or not json.is_array(value) then
      return complain(path, "must be a list")
    end
    if #value < (least or 0) then
      return complain(path, "must not be empty")
    end
    for i, element in ipairs(value) do
      local message = check(element, ("%s[%d]"):format(path, i - 1))
      if message then
        return message
      end
    end
  end
end

local optional = {}

---A member that may be absent or null.
function M.optional(check)
  local wrapped = function(value, path)
    if value ~= nil and value ~= json.null then
      return check(value, path)
    end
  end
  optional[wrapped] = true
  return wrapped
end

local function unknown_member(value, members, path)
  for name in pairs(value) do
    if not members[name] then
      return complain(path, "must not contain '" .. tostring(name) .. "'")
    end
  end
end

---A member that may be absent, but not null.
function M.omittable(check)
  local wrapped = function(value, path)
    if value ~= nil then
      return check(value, path)
    end
  end
  optional[wrapped] = true
  return wrapped
end

---Exactly these members; those that are not optional must be there.
---@param members table<string, function>
function M.object(members)
  local names = {}
  for name in pairs(members) do
    names[#names + 1] = name
  end
  table.sort(names)
  return function(value, path)
    if type(value) ~= "table" or json.is_array(value) then
      return complain(path, "must be an object")
    end
    for _, name in ipairs(names) do
      local inner = path == "" and name or path .. "." .. name
      local absent = value[name] == nil and not optional[members[name]]
      local message = absent and complain(inner, "is required")
        or members[name](value[name], inner)
      if message then
        return message
      end
    end
    return unknown_member(value, members, path)
  end
end

return M
