---What is expected at a place: which parameter of which call.
local known = require("help.known")
local value = require("repl.value")

local M = {}

---@class repl.Expected
---@field callee any the function, if it has a value
---@field argument integer which argument of it the cursor is in
---@field entry? help.Entry what is known of the function
---@field spec? help.Spec of the value at the cursor
---@field holder? help.Spec of the table around the cursor

local function of_call(chain, argument)
  local callee, from = value.follow(chain)
  return { callee = callee, argument = argument, entry = known.entry(callee, from) }
end

local function field_of(spec, name)
  for _, field in ipairs(spec and spec.fields() or {}) do
    if field.name == name then
      return field
    end
  end
end

---The innermost bracket that belongs to a call.
local function innermost_call(frames)
  for i = #frames, 1, -1 do
    if frames[i].callee then
      return i
    end
  end
end

---The spec of what a bracket holds, from the one around it.
local function inner_spec(frame, outer, spec, entry)
  if frame.mark ~= "{" then
    return nil
  elseif frame.key then
    return field_of(spec, frame.key)
  elseif outer.mark == "(" then
    return entry.arguments[frame.position]
  end
  return spec and spec.element
end

local function descend(frames, first, expected)
  local spec = frames[first].mark == "{" and expected.entry.arguments[1] or nil
  for i = first + 1, #frames do
    spec = inner_spec(frames[i], frames[i - 1], spec, expected.entry)
  end
  return spec
end

---@param place repl.Place
---@return repl.Expected? nil outside of calls
function M.at(place)
  if place.callee then
    local expected = of_call(place.callee, 1)
    expected.spec = expected.entry and expected.entry.arguments[1]
    return expected
  end
  local frames = place.frames
  local first = innermost_call(frames)
  if not first then
    return nil
  end
  local expected = of_call(frames[first].callee, frames[first].argument)
  if not expected.entry then
    return expected
  end
  local top = frames[#frames]
  local holder = descend(frames, first, expected)
  if top.mark == "{" then
    expected.holder = holder
    expected.spec = place.key and field_of(holder, place.key) or holder and holder.element
  elseif #frames == first then
    expected.spec = expected.entry.arguments[top.argument]
  end
  return expected
end

return M
