---Looks into values without running anything of the user's: no metamethod is called.
local faces = require("repl.faces")
local locals = require("repl.locals")
local members = require("help.members")
local origin = require("siterun.origin")

-- Taken at the start: a session may put others in their place.
local getmetatable, rawget, next, require = debug.getmetatable, rawget, next, require

local M = {}

-- How far a chain of __index is followed, and how many fields are looked at.
local DEPTH_MAX, FIELDS_MAX = 8, 100000

---The table that `value` inherits from, if it is one.
local function parent(value)
  local meta = getmetatable(value)
  local index = type(meta) == "table" and rawget(meta, "__index")
  return type(index) == "table" and index or nil
end

---@param value any
---@param key any
---@return any
function M.get(value, key)
  for _ = 1, DEPTH_MAX do
    if type(value) == "table" then
      local found = rawget(value, key)
      if found ~= nil then
        return found
      end
    end
    value = parent(value)
    if value == nil then
      return nil
    end
  end
end

---Calls visit(key, value) for each field, those that are inherited too.
---@param value any
---@param visit fun(key: any, value: any)
function M.each(value, visit)
  local left = FIELDS_MAX
  for _ = 1, DEPTH_MAX do
    for key, field in next, type(value) == "table" and value or {} do
      visit(key, field)
      left = left - 1
      if left == 0 then
        return
      end
    end
    value = parent(value)
    if value == nil then
      return
    end
  end
end

---@param name string
---@return any
function M.global(name)
  local found = locals.get(name)
  if found == nil then
    found = M.get(_G, name)
  end
  if found == nil and faces.known[name] and rawget(package.preload, name) == nil then
    return require(name)
  end
  return found
end

---What a call gives, as far as that is known without making it.
local function called(value, from, step)
  if value == require and step.argument then
    local loaded = rawget(package.loaded, step.argument)
    return loaded or faces.known[step.argument] and M.global(step.argument) or nil
  elseif from and from.connect then
    return nil, { service = from.service, client = true }
  elseif from and from.bound then
    return nil, { service = from.service, resource = from.resource }
  end
end

local function after(value, from, step)
  if step.call then
    return called(value, from, step)
  end
  local found = M.get(value, step.name or step.index)
  return found, found == nil and from and members.find(from, step.name) or nil
end

---Follows an expression.
---@param chain repl.Step[]
---@return any value nil where it has none
---@return siterun.Origin? from what the value was made from, or would be
function M.follow(chain)
  local value = M.global(chain[1].name)
  local from = origin.of(value)
  for i = 2, #chain do
    if value == nil and not from then
      return nil
    end
    value, from = after(value, from, chain[i])
    from = from or origin.of(value)
  end
  return value, from
end

return M
