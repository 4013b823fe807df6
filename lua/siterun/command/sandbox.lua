---`siterun sandbox`: the simulated services until a signal ends them.
local account = require("sandbox.account")
local commandline = require("siterun.commandline")
local options = require("sandbox.options")

local SPEC = {
  name = "sandbox",
  forms = { { "[OPTION...]" } },
  text = [[
Serves simulated Teleporte, Ticketing and TeamWork Live on 127.0.0.1 and prints the variables
that reach them. Ends on SIGTERM or SIGINT.]],
  options = options.list,
  more = [[
For tests, on the same port: GET /_sandbox/requests[?since=N] and /_sandbox/counters,
POST /_sandbox/reset, /_sandbox/expire (all sessions) and /_sandbox/fault ({"fault": "..."}),
DELETE /_sandbox/fault.]],
}

---@return boolean written
local function print_variables(app, port)
  for _, variable in ipairs(account.variables(app.account, port)) do
    io.stdout:write(("export %s='%s'\n"):format(variable[1], variable[2]))
  end
  io.stdout:write("# ready\n")
  return io.stdout:flush() ~= nil
end

local function read(args)
  local chosen, problem = options.parse(args)
  return chosen or {}, problem
end

---@return integer exit code
return commandline.command(SPEC, function(chosen, problem)
  if problem then
    commandline.refuse("%s: see siterun sandbox --help", problem)
  end
  local app, server, failure = require("sandbox.serve").open(chosen)
  if not app then
    io.stderr:write("siterun sandbox: ", failure.message, "\n")
    return 5
  end
  local listening <close> = server
  if not print_variables(app, listening:port()) then
    return 1 -- nobody could reach it; the host says why
  end
  require("sandbox.serve").run(app, listening)
  return 0
end, read)
