---`siterun plan FILE [ARG...] [-o PLAN]`: runs a recipe with its writes kept back, in a plan.
local absolute = require("siterun.absolute")
local base = require("siterun.base")
local commandline = require("siterun.commandline")
local display = require("c.display")
local errors = require("siterun.errors")
local file = require("c.file")
local json = require("c.json")
local number = require("view.number")
local planfile = require("siterun.plan.file")
local planned = require("siterun.plan")
local run = require("siterun.journal.this_run")
local secret = require("c.secret")
local settings = require("siterun.settings")

local refuse = commandline.refuse

local SPEC = {
  name = "plan",
  runs_script = true,
  forms = { { "[-o PLAN] FILE [ARG...]" }, { "FILE [ARG...] -o PLAN" } },
  text = [[
Runs a recipe: its reads go out, its writes are shown and kept in the file PLAN (the recipe's
name with .plan unless told), which only you may read and which holds no secret. Nothing is
changed. Look at it, then make just these writes with: siterun apply PLAN]],
  options = {
    { letter = "o", argument = "PLAN", text = "the file of the plan", words = "<file>" },
  },
  words = "<file>",
}

---@return table options, string? recipe, string[] arguments, string? place
local function parse(args)
  local place, first = nil, 1
  while args[first] and args[first]:find("^%-.") do
    if args[first] == "--help" or args[first] == "-h" then
      return { help = true }
    elseif args[first] ~= "-o" then
      refuse("unknown option %s of plan: there is -o PLAN", args[first])
    end
    place, first = args[first + 1] or refuse("-o needs a file"), first + 2
  end
  local last = #args
  if not place and last >= first + 2 and args[last - 1] == "-o" then
    place, last = args[last], last - 2
  elseif not place and last > first and args[last] == "-o" then
    refuse("-o needs a file")
  end
  return {}, args[first], json.array({ table.unpack(args, first + 1, last) }), place
end

local function check_arguments(arguments)
  for _, argument in ipairs(arguments) do
    if secret.redact(argument) ~= argument then
      refuse("an argument holds a secret, which a plan must not")
    end
  end
end

local function modules_of(steps)
  local modules = json.array({})
  for _, step in ipairs(steps) do
    modules[#modules + 1] = step.module or refuse("code of -e can't be kept in a plan")
  end
  return modules
end

local function new_plan(recipe, name, arguments, modules)
  local hash = run.hash_of(recipe)
    or errors.raise({ kind = "usage", message = "cannot read the recipe " .. name })
  run.begin({ recipe = recipe, name = name, arguments = arguments, modules = modules })
  return {
    id = run.name(), made = os.date("!%Y-%m-%dT%H:%M:%SZ"), recipe = recipe, name = name,
    hash = hash, arguments = arguments, modules = modules,
    folder = file.folder() or nil, sandbox = settings.sandbox,
    profile = settings.profile or base.variable("SITERUN_PROFILE"),
    config = settings.config or base.variable("SITERUN_CONFIG"),
    any_order = false, writes = json.array({}),
  }
end

local function place_of(name)
  return (name:match("[^/]*$"):gsub("%.lua$", "")) .. ".plan"
end

local function report(plan, place)
  local count = #plan.writes
  local form = count == 0 and "" or "; make %s with: siterun %sapply %s"
  local how = form:format(count == 1 and "it" or "them", plan.sandbox and "--sandbox " or "",
    place)
  io.stderr:write("siterun: ", number.of(count, "write"), " planned in ",
    display.clean(place .. how), "\n")
end

---@return integer code
---@return fun(start: function): integer? go_on
return commandline.command(SPEC, function(_, name, arguments, place)
  if not name or name == "-" then
    refuse("plan needs the FILE of a recipe")
  end
  check_arguments(arguments)
  local recipe = absolute(name) or refuse("cannot read the recipe %s", name)
  place = place or place_of(name)
  planfile.check_place(place)
  local target = absolute(place, true)
  return 0, function(start, steps)
    settings.dry_run = true
    local plan = new_plan(recipe, name, arguments, modules_of(steps))
    planned.record(plan)
    start(recipe, name, arguments, {})
    planfile.write(target, plan)
    report(plan, place)
  end
end, parse)
