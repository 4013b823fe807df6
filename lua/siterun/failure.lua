---What is said of an error that nobody caught.
local trace = require("c.trace")

local M = {}

---As lua does for values that are no strings.
local function text_of(e)
  if type(e) == "string" or type(e) == "number" then
    return tostring(e)
  end
  local meta = getmetatable(e)
  if type(meta) == "table" and meta.__tostring then
    local ok, text = pcall(tostring, e)
    if ok then
      return text
    end
  end
  return ("(error object is a %s value)"):format(type(e))
end

---The errors module if `e` is one of its tables. It is only needed, and so only loaded, for those.
---@param e any
---@return table?
function M.ours(e)
  local errors = type(e) == "table" and require("siterun.errors")
  return errors and errors.is(e) and errors or nil
end

---A mistake that an embedded module found is the user's line's, except to who works on the module.
local function place(text, position, is_ours)
  local prefix = position ~= "" and position .. ": " or ""
  if is_ours then
    return prefix .. text
  end
  if os.getenv("SITERUN_LUA") then
    return text
  end
  return (text:gsub("^%[siterun%]/[^:\n]+:%d+: ", function()
    return prefix
  end))
end

---@param e any
---@return string message without secrets
---@return string position where it was raised: "recipe.lua:3", or ""
---@return string frames each after a line end and a tab
function M.describe(e)
  local position, frames = trace.of(e)
  local text = place(text_of(e), position, M.ours(e))
  return require("c.secret").redact(text), position, frames
end

return M
