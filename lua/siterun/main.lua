---What the program does, once the host has made the Lua state.
local script = require("siterun.script")

local function take_settings(given)
  local settings = require("siterun.settings")
  for name, value in pairs(given) do
    settings[name] = value
  end
  if settings.deadline then
    require("c.loop").deadline(settings.deadline)
    require("c.interrupt").after(settings.deadline)
  end
end

---Ends the journal's record of the run, where there is one.
local function finish(code)
  local run = package.loaded["siterun.journal.this_run"]
  if run then
    run.finish(code)
  end
end

---Guards and the state are closed on the way out unless a script forbids it: files are in them.
local function close_on_exit()
  local leave = os.exit
  local function exit(code, close)
    finish(code)
    leave(code, close)
  end
  ---@diagnostic disable-next-line: duplicate-set-field
  os.exit = function(code, close)
    require("c.interrupt").disarm()
    local running = close ~= false and package.loaded["siterun.running"]
    if running then
      running.leave(function()
        exit(code, true)
      end)
    end
    exit(code, close ~= false)
  end
end

local function run_steps(steps)
  for _, step in ipairs(steps) do
    if step.code then
      script.run_text(step.code)
    else
      script.require_global(step.module)
    end
  end
end

---A command writes in its own way; one that runs a script lets that return something.
local function refuses_output(name, command)
  if command.runs_script or not require("siterun.settings").output then
    return false
  end
  io.stderr:write("siterun: -o is for -e and recipes: see siterun ", name, " --help\n")
  return true
end

---What runs the script of an earlier run as that did, after the steps of this one.
local function starter(steps)
  return function(path, name, arguments, modules)
    arg = { [0] = name, table.unpack(arguments) }
    script.search_beside(path:match("^(.*)/"))
    run_steps(steps)
    for _, module in ipairs(modules) do
      script.require_global(module)
    end
    script.run_file(path, {}, table.unpack(arguments))
  end
end

---@param name string
---@param run siterun.Run
local function run_command(name, run)
  local module = "siterun.command." .. name
  local _, _, missing = script.find(module)
  if missing then
    io.stderr:write("siterun: this version has no command '", name, "' yet\n")
    return 2
  end
  local command = require(module)
  if refuses_output(name, command) then
    return 2
  end
  if not command.runs_script then
    run_steps(run.steps)
  end
  local code, go_on = script.call(command.run, { table.unpack(arg) })
  if go_on then
    code = go_on(starter(run.steps), run.steps) or code
  end
  return code or 0
end

local function modules_of(steps)
  local modules = {}
  for _, step in ipairs(steps) do
    modules[#modules + 1] = step.module
  end
  return modules
end

---Why a run of this kind can't be made again; nil for a file's.
---@param run siterun.Run
local function unrepeatable(run)
  if run.has_code then
    return "it ran code of the command line (-e)"
  elseif run.interactive or not run.has_file and run.terminal then
    return "it was a session"
  elseif not run.path then
    return "its script came from standard input"
  end
end

---Tells the journal what runs, should it write something.
---@param run siterun.Run
local function begin(run)
  require("siterun.journal.begun").note({
    recipe = run.has_file and run.path or nil,
    name = run.has_file and arg[0] or nil,
    arguments = { table.unpack(arg) },
    modules = modules_of(run.steps),
    unrepeatable = unrepeatable(run),
  })
end

---@param run siterun.Run
---@return integer? code of a command
local function go(run)
  arg = run.arguments
  if run.folder then
    script.search_beside(run.folder)
  end
  local first = run.has_file and arg[0]
  if first and run.commands[first] then
    return run_command(first, run)
  end
  begin(run)
  run_steps(run.steps)
  if first then
    script.run_file(first, run.commands, table.unpack(arg))
  elseif not run.interactive and not run.has_code and not run.terminal then
    script.run_file("-", run.commands)
  end
  if run.interactive or not first and not run.has_code and run.terminal then
    return require("repl")(run.screen)
  end
end

---@class siterun.Run
---@field settings table
---@field steps {code?: string, module?: string}[]
---@field arguments table<integer, string>
---@field commands table<string, true>
---@field path? string the script's, absolute
---@field folder? string that it is in
---@field has_file boolean
---@field has_code boolean
---@field interactive boolean
---@field terminal boolean whether stdin is one
---@field screen boolean whether stdin and stdout are

---@param run siterun.Run
---@return integer exit code
return function(run)
  require("siterun.sealed").take()
  take_settings(run.settings)
  require("siterun.settings").terminal = run.terminal
  script.absolute_paths()
  close_on_exit()
  local ok, result = xpcall(go, require("c.trace").handler, run)
  local code = ok and (result or 0) or require("siterun.report")(result)
  finish(code)
  return code
end
