---`siterun sandbox`: the simulated services until a signal ends them.
local account = require("sandbox.account")
local options = require("sandbox.options")

local function print_variables(app, port)
  for _, variable in ipairs(account.variables(app.account, port)) do
    io.stdout:write(("export %s='%s'\n"):format(variable[1], variable[2]))
  end
  io.stdout:write("# ready\n")
  io.stdout:flush()
end

---@param args string[]
---@return integer exit code
return function(args)
  if args[1] == "--help" or args[1] == "-h" then
    io.stdout:write(options.usage)
    return 0
  end
  local chosen, problem = options.parse(args)
  if not chosen then
    io.stderr:write("siterun sandbox: ", problem, "\n\n", options.usage)
    return 2
  end
  local app, server, failure = require("sandbox.serve").open(chosen)
  if not app then
    io.stderr:write("siterun sandbox: ", failure.message, "\n")
    return 5
  end
  local listening <close> = server
  print_variables(app, listening:port())
  require("sandbox.serve").run(app, listening)
  return 0
end
