---How an error that nobody caught is shown, and the exit code that it gives.
local script = require("siterun.script")
local trace = require("c.trace")

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

---The engine's module is only needed, and so only loaded, when there is an error table.
local function ours(e)
  local errors = type(e) == "table" and require("siterun.errors")
  return errors and errors.is(e) and errors
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

---Writes the error and where it was raised to stderr.
---@param e any
---@return integer code
return function(e)
  if getmetatable(e) == script.Refusal then
    io.stderr:write("siterun: ", e.message, "\n")
    return e.code
  end
  local position, frames = trace.of(e)
  local errors = ours(e)
  local text = require("c.secret").redact(place(text_of(e), position, errors))
  local stack = frames ~= "" and "\nstack traceback:" .. frames or ""
  io.stdout:flush()
  io.stderr:write("siterun: ", text, stack, "\n")
  return errors and errors.exit_code(e) or 1
end
