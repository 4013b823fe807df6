---How an error that nobody caught is shown, and the exit code that it gives.
local failure = require("siterun.failure")
local script = require("siterun.script")

---What an error quotes must not steer a terminal, nor one that shows a log later.
local function write(text)
  text = require("c.display").clean(text, true)
  local mark = require("view.color").paint("error", "siterun:", "stderr")
  io.stderr:write(mark, " ", text, "\n")
end

---Writes the error and where it was raised to stderr.
---@param e any
---@return integer code
return function(e)
  if getmetatable(e) == script.Refusal then
    write(e.message)
    return e.code
  end
  local text, _, frames = failure.describe(e)
  local errors = failure.ours(e)
  local stack = frames ~= "" and "\nstack traceback:" .. frames or ""
  io.stdout:flush()
  write(text .. stack)
  return errors and errors.exit_code(e) or 1
end
