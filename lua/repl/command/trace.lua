---`:trace`
local settings = require("siterun.settings")

local STATES = { on = true, off = false }

return {
  name = "trace",
  argument = "[on|off]",
  text = "shows a line for each exchange, or ends that",
  words = function()
    return { "off", "on" }
  end,
  run = function(_, state)
    if STATES[state] ~= nil then
      settings.trace = STATES[state]
    elseif state ~= "" then
      io.stderr:write("siterun: it is written :trace on or :trace off\n")
      return
    end
    io.stderr:write("trace is ", settings.trace and "on" or "off", "\n")
  end,
}
