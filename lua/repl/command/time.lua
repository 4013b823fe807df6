---`:time`
local clock = require("c.clock")

return {
  name = "time",
  argument = "CODE",
  text = "runs Lua and shows how long it took",
  takes_code = true,
  run = function(session, code)
    local started = clock.monotonic()
    session:run(code)
    io.stderr:write(("%.3f s\n"):format(clock.monotonic() - started))
  end,
}
