---Kills a recipe of writes at random points and resumes it until it is done: each object must be
---there once. What a kill leaves unknown is looked up at the service.
local clock = require("c.clock")
local journal = require("tests.journal")
local json = require("c.json")
local t = require("tests.t")

local M = {}

---@class tests.Kills
---@field kills integer after so many it is enough
---@field writes integer of each run
---@field again number chance that a resumed run is to be killed too

---Runs siterun and kills it at a random point of the time that a whole run takes.
local function run_and_kill(sb, seconds, ...)
  local after = math.random() * seconds
  return t.siterun { program = ("timeout -s KILL %.4f %s"):format(after, t.program), args = { ... },
    env = sb.env }
end

---The titles of all writes that were recorded before they were sent.
local function recorded(sb)
  local titles = {}
  for _, record in ipairs(journal.records(sb.env.SITERUN_STATE)) do
    if record.kind == "intent" then
      titles[json.decode(record.body.body).ticket.title] = true
    end
  end
  return titles
end

---Each is there once, none is lost, none came without a record.
local function check(sb, mark, writes)
  local titles, count, known = journal.titles(sb), 0, recorded(sb)
  for title, times in pairs(titles) do
    t.equal({ times, known[title] }, { 1, true }, title)
    count = count + 1
  end
  t.equal(count, writes, mark .. ", runs:\n" .. journal.run(sb, "journal", "runs").stdout)
end

local function settle(sb, figures)
  local done, not_sent = journal.settle(sb)
  t.truthy(done + not_sent > 0, "a write of unknown outcome")
  figures.done, figures.not_sent = figures.done + done, figures.not_sent + not_sent
end

---A process that was killed may take a moment to be gone: until then it can't be resumed.
local function still_runs(run)
  return run.code == 2 and run.stderr:find("is still running", 1, true)
    or run.stderr:find("is being resumed by another process", 1, true)
end

---Resumes until the run is done.
local function finish(sb, o, figures)
  for _ = 1, 1000 do
    local run = math.random() < o.again and run_and_kill(sb, figures.seconds, "resume")
      or journal.run(sb, "resume")
    figures.resumes = figures.resumes + 1
    if run.code == 0 then
      return
    elseif run.code == 137 then
      figures.kills = figures.kills + 1
    elseif run.code == 7 then
      settle(sb, figures)
    elseif not still_runs(run) then
      error(("resume ended with %d: %s"):format(run.code, run.stderr), 0)
    end
  end
  error("the run does not come to its end", 0)
end

---One that was killed before its first write has left no trace, and there is nothing to resume.
local function trial(sb, path, o, figures)
  sb.env.SITERUN_STATE = journal.folder()
  local mark, writes = "k" .. figures.trials, tostring(o.writes)
  local run = run_and_kill(sb, figures.seconds, path, mark, writes)
  figures.trials = figures.trials + 1
  t.truthy(run.code == 0 or run.code == 137, run.stderr)
  if run.code == 137 then
    figures.kills = figures.kills + 1
    if next(journal.outcomes(sb.env.SITERUN_STATE)) == nil then
      t.equal(journal.run(sb, path, mark, writes).code, 0)
    else
      finish(sb, o, figures)
    end
  end
  check(sb, mark, o.writes)
  t.match(journal.run(sb, "journal", "--verify").stdout, "none changed, none missing")
  sb:control("POST", "/reset")
end

local function time_of_a_run(sb, path, writes)
  local before = clock.monotonic()
  t.equal(journal.run(sb, path, "whole", tostring(writes)).code, 0)
  sb:control("POST", "/reset")
  return clock.monotonic() - before
end

---@param o tests.Kills
function M.play(o)
  local sb <close> = journal.start()
  local path = journal.recipe(journal.WRITES)
  local figures = { trials = 0, kills = 0, resumes = 0, done = 0, not_sent = 0,
    seconds = time_of_a_run(sb, path, o.writes) }
  while figures.kills < o.kills do
    trial(sb, path, o, figures)
  end
  local form = "# %d runs of %d writes (%.0f ms each), %d kills, %d resumes; of those unknown %d had "
    .. "happened, %d had not"
  print(form:format(figures.trials, o.writes, figures.seconds * 1000, figures.kills, figures.resumes,
    figures.done, figures.not_sent))
end

return M
