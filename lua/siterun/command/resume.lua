---`siterun resume [RUN]`: runs the script of an interrupted run again; what that had done is
---answered from the journal.
local commandline = require("siterun.commandline")
local display = require("c.display")
local journal = require("siterun.journal")
local number = require("view.number")
local replay = require("siterun.journal.replay")
local run = require("siterun.journal.this_run")
local runs = require("siterun.journal.past_runs")
local settings = require("siterun.settings")
local when = require("siterun.when")

local refuse = commandline.refuse

-- Of runs that could be meant.
local MOST_SHOWN = 5

local SPEC = {
  name = "resume",
  runs_script = true,
  forms = { { "[--changed-ok] [RUN]" } },
  text = [[
Runs the script of an interrupted run again (the latest one unless RUN names it; see
siterun journal runs), with its arguments and options, in its folder. Writes that it had done
are answered from the journal, the rest is sent. A write of unknown outcome ends the run with
7: settle it with siterun reconcile, then resume again.]],
  options = {
    { name = "changed-ok", text = "also when the script has changed since" },
  },
  words = "<interrupted>",
}

---The latest chain of runs that was cut off; one that can be resumed goes before. Where there is
---none, one that still runs: that may be what was meant.
local function latest_chain(list, by_id)
  local unrepeatable, running
  for i = #list, 1, -1 do
    local latest = list[i]
    local chain = not latest.resumed_by and runs.chain(by_id, latest)
    if chain and runs.was_cut_off(chain) then
      if not latest.unrepeatable then
        return chain
      end
      unrepeatable = unrepeatable or chain
    elseif latest.state == "running" then
      running = running or chain
    end
  end
  return unrepeatable or running
end

local function chosen_chain(name)
  local list, by_id = runs.list()
  if not name then
    return latest_chain(list, by_id)
  end
  local found = runs.find(list, name)
  if not found then
    refuse("the journal knows no run %q: see siterun journal runs", name)
  end
  return runs.chain(by_id, found)
end

---One process at a time goes on with a run. The key can't be one of a recipe's, which hold no
---control character.
local function lock(chain)
  local key = "\1resume " .. chain[1].id
  if journal.claim(key, "resume") ~= "claimed" then
    refuse("run %s is being resumed by another process", chain[1].id)
  end
end

local function check_script(latest, changed_ok)
  local hash = run.hash_of(latest.recipe)
  if not hash then
    refuse("run %s: its script %s can't be read", latest.id, latest.recipe)
  end
  if hash ~= latest.hash and not changed_ok then
    refuse("run %s: its script %s has changed since; --changed-ok runs it as it is now",
      latest.id, latest.recipe)
  end
end

---@return string? message why there is nothing to do
local function check(chain, changed_ok)
  local latest = chain[#chain]
  if latest.state == "running" then
    refuse("run %s is still running (process %d)", latest.id, latest.pid)
  end
  if latest.state == "done" then
    return ("nothing to resume: run %s is done"):format(latest.id)
  end
  if latest.unrepeatable or not latest.recipe then
    refuse("run %s can't be resumed: %s", latest.id, latest.unrepeatable or "it had no script")
  end
  check_script(latest, changed_ok)
end

---Options that are given now go before those of the run.
local function take_flags(flags)
  for _, name in ipairs({ "profile", "config", "deadline" }) do
    settings[name] = settings[name] or flags[name]
  end
  settings.trace = settings.trace or flags.trace or false
  settings.quiet = settings.quiet or flags.quiet or false
  if settings.deadline then
    require("c.loop").deadline(settings.deadline)
    require("c.interrupt").after(settings.deadline)
  end
end

local function ids_of(chain)
  local ids = {}
  for i, each in ipairs(chain) do
    ids[i] = each.id
  end
  return ids
end

local function say_all(title, list)
  io.stderr:write("siterun: ", title, "\n")
  for i = #list, math.max(1, #list - MOST_SHOWN + 1), -1 do
    local latest = list[i]
    io.stderr:write(("  siterun resume %s  (%s of %s, %s)\n"):format(latest.id,
      display.clean(latest.name:match("[^/]*$")), when.show(latest.at),
      runs.state_text(latest)))
  end
  if #list > MOST_SHOWN then
    io.stderr:write(("  and %d more: siterun journal runs\n"):format(#list - MOST_SHOWN))
  end
end

---Nothing was cut off; a run that failed is gone on with only by its name.
local function say_nothing()
  local failed = runs.failed()
  if #failed == 0 then
    io.stderr:write("siterun: there is no interrupted run\n")
  else
    say_all("there is no interrupted run; of those that failed you can go on with:", failed)
  end
end

---Which others there are, where nobody said which one was meant.
local function say_others(latest)
  local others = {}
  for _, each in ipairs(runs.interrupted()) do
    others[#others + 1] = each.id ~= latest.id and each or nil
  end
  if #others > 0 and not settings.quiet then
    say_all(("goes on with run %s; interrupted too:"):format(latest.id), others)
  end
end

local function go_on(chain, start)
  local latest = chain[#chain]
  local flags = latest.flags or {}
  take_flags(flags)
  commandline.enter(latest.folder)
  run.begin({ recipe = latest.recipe, name = latest.name, arguments = latest.arguments,
    modules = flags.modules, resumes = latest.id, origin = chain[1].id })
  replay.load(ids_of(chain))
  run.record()
  start(latest.recipe, latest.name, latest.arguments or {}, flags.modules or {})
  local left = replay.left()
  if left > 0 and not settings.quiet then
    io.stderr:write("siterun: not asked for again: ", number.of(left, "write"),
      " of the earlier run\n")
  end
end

local function refuse_modes()
  if settings.dry_run then
    refuse("resume sends: it has no --dry-run")
  end
  if settings.sandbox then
    refuse("the sandbox of a run ends with it: there is nothing to resume")
  end
end

---@return integer code
---@return fun(start: function)? go_on calls `start` with the script's path, name, arguments and modules
return commandline.command(SPEC, function(options, rest)
  if #rest > 1 then
    refuse("one run at most, got %d", #rest)
  end
  refuse_modes()
  local chain = chosen_chain(rest[1])
  if not chain then
    say_nothing()
    return 0
  end
  lock(chain)
  chain = chosen_chain(chain[1].id) -- as it is now that nobody else can go on with it
  local nothing = check(chain, options["changed-ok"])
  if nothing then
    io.stderr:write("siterun: ", nothing, "\n")
    return 0
  end
  if not rest[1] then
    say_others(chain[#chain])
  end
  return 0, function(start)
    return go_on(chain, start)
  end
end)
