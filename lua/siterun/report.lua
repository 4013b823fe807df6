---How an error that nobody caught is shown, and the exit code that it gives.
local failure = require("siterun.failure")
local script = require("siterun.script")

---On a terminal, what an error quotes must not steer it.
local function write(text)
  if require("c.terminal").is("stderr") then
    text = require("c.display").clean(text, true)
  end
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
