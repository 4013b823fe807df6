---What the program does, once the host has made the Lua state.
local report = require("siterun.report")
local script = require("siterun.script")

local function take_settings(given)
  local settings = require("siterun.settings")
  for name, value in pairs(given) do
    settings[name] = value
  end
  if settings.deadline then
    require("c.loop").deadline(settings.deadline)
  end
end

---Guards and the state are closed on the way out unless a script forbids it: files are in them.
local function close_on_exit()
  local exit = os.exit
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

local function run_command(name)
  local module = "siterun.command." .. name
  local _, _, missing = script.find(module)
  if missing then
    io.stderr:write("siterun: this version has no command '", name, "' yet\n")
    return 2
  end
  return script.call(require(module), { table.unpack(arg) }) or 0
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

---@param run siterun.Run
---@return integer? code of a command
local function go(run)
  arg = run.arguments
  if run.folder then
    script.search_beside(run.folder)
  end
  run_steps(run.steps)
  local first = run.has_file and arg[0]
  if first and run.commands[first] then
    return run_command(first)
  elseif first then
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
---@field folder? string the script's, absolute
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
  script.absolute_paths()
  close_on_exit()
  local ok, result = xpcall(go, require("c.trace").handler, run)
  if ok then
    return result or 0
  end
  return report(result)
end
