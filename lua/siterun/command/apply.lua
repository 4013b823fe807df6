---`siterun apply PLAN`: runs the recipe of a plan again and makes the planned writes, and no others.
local commandline = require("siterun.commandline")
local journal = require("siterun.journal")
local number = require("view.number")
local plandone = require("siterun.plan.progress")
local planfile = require("siterun.plan.file")
local planned = require("siterun.plan")
local run = require("siterun.journal.this_run")
local settings = require("siterun.settings")

local refuse = commandline.refuse

local SPEC = {
  name = "apply",
  runs_script = true,
  forms = { { "PLAN" } },
  text = [[
Runs the recipe of a plan again (siterun plan made it) and sends its writes while they are
the planned ones, each once: applying a plan again sends what is missing, or nothing. A write
that is not the planned one, or a recipe that has changed, stops before that is sent.]],
  options = {},
  words = "<file>",
}

local function check_recipe(plan)
  local hash = run.hash_of(plan.recipe)
  if not hash then
    refuse("the recipe of the plan, %s, can't be read", plan.recipe)
  end
  if hash ~= plan.hash then
    refuse("the recipe %s has changed since the plan was made: make a new plan", plan.recipe)
  end
end

local function check_place(plan)
  if plan.sandbox and not settings.sandbox then
    refuse("the plan was made against the sandbox: apply it with --sandbox, or make a new one")
  elseif settings.sandbox and not plan.sandbox then
    refuse("the plan was not made against the sandbox: apply it without --sandbox")
  end
  if settings.profile and plan.profile and settings.profile ~= plan.profile then
    refuse("the plan was made for the profile %s, not for %s", plan.profile, settings.profile)
  end
  settings.profile = settings.profile or plan.profile
  settings.config = settings.config or plan.config
end

---One process at a time applies a plan. A recipe's key holds no control character.
local function lock(plan)
  if journal.claim("\1apply " .. plan.id, "apply") ~= "claimed" then
    refuse("the plan is being applied by another process")
  end
end

local function say(form, ...)
  io.stderr:write("siterun: ", form:format(...), "\n")
end

local function report_missing(missing)
  say("the recipe did not make %d of the planned writes:", #missing)
  for i, entry in ipairs(missing) do
    if i > 20 then
      say("  and %d more", #missing - 20)
      break
    end
    say("  %d: %s", entry.number, planned.title(entry))
  end
end

---What is left makes the run a failure, whatever the recipe thinks of it.
local function finish(plan)
  local missing, stopped = planned.left()
  if stopped then
    say("%s", tostring(stopped))
    return 2
  end
  if #missing > 0 then
    report_missing(missing)
    return 2
  end
  say("the plan is applied: %s", number.of(#plan.writes, "write"))
end

local function go_on(plan, done, real)
  return function(start)
    check_place(plan)
    commandline.enter(plan.folder)
    run.begin({ recipe = plan.recipe, name = plan.name, arguments = plan.arguments,
      unrepeatable = "it applied a plan: apply that again" })
    planned.follow(plan, done, real)
    start(plan.recipe, plan.name, plan.arguments, plan.modules)
    return finish(plan)
  end
end

---@return integer code
---@return fun(start: function): integer? go_on
return commandline.command(SPEC, function(_, rest)
  if #rest ~= 1 then
    refuse("apply takes one PLAN")
  end
  local plan = planfile.read(rest[1])
  check_recipe(plan)
  lock(plan)
  local done, real, count = plandone.find(plan)
  if #plan.writes > 0 and count == #plan.writes then
    say("the plan is applied already: nothing to send")
    return 0
  end
  return 0, go_on(plan, done, real)
end)
