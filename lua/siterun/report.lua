---How an error that nobody caught is shown, and the exit code that it gives.
local failure = require("siterun.failure")
local script = require("siterun.script")

---Writes the error and where it was raised to stderr.
---@param e any
---@return integer code
return function(e)
  if getmetatable(e) == script.Refusal then
    io.stderr:write("siterun: ", e.message, "\n")
    return e.code
  end
  local text, _, frames = failure.describe(e)
  local errors = failure.ours(e)
  local stack = frames ~= "" and "\nstack traceback:" .. frames or ""
  io.stdout:flush()
  io.stderr:write("siterun: ", text, stack, "\n")
  return errors and errors.exit_code(e) or 1
end
