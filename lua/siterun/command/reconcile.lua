---`siterun reconcile`: settles writes of unknown outcome, by a look at the service or by hand.
local clock = require("c.clock")
local commandline = require("siterun.commandline")
local entries = require("siterun.journal.entries")
local errors = require("siterun.errors")
local identity = require("c.identity")
local journal = require("siterun.journal")
local json = require("c.json")
local line = require("siterun.line")
local secret = require("c.secret")
local services = require("siterun.services")
local settings = require("siterun.settings")
local settle = require("siterun.journal.settle")
local task = require("task")
local when = require("siterun.when")

local refuse = commandline.refuse

local SPEC = {
  name = "reconcile",
  forms = { { "[--all | ID...] [--min-age AGE]" }, { "--done ID... | --not-done ID..." } },
  text = [[
Finds out what became of writes of unknown outcome (see siterun journal --outcome unknown),
where the service can be asked: of all of them, or of those that IDs name. What it finds is
recorded. With neither it only shows what it finds, and on a terminal asks you.
What is settled as done is not sent again under its key or by a resumed run; what is not done
may be. Where no service can tell, a terminal asks you; --done and --not-done say it by hand.
Exit code 7 while some are left.]],
  options = {
    { name = "all", text = "all of them" },
    { name = "min-age", argument = "AGE",
      text = "a service may show a write a moment late: \"not done\" counts from this age on "
        .. "(2s), until then it waits and looks again" },
    { name = "done", text = "you know that these happened" },
    { name = "not-done", text = "you know that these did not happen, and will not" },
  },
}

-- Seconds after which a service shows what it was sent, in --min-age's stead.
local MIN_AGE = 2

local function say(form, ...)
  io.stdout:write("      ", form:format(...), "\n")
end

local function print_entry(entry)
  local what = entry.service and ("%s %s %s %s"):format(entry.service, entry.operation,
    entry.method, entries.path(entry)) or entry.operation
  local once = entry.once and "  once=" .. entry.once or ""
  io.stdout:write(("%5d  %s  %s%s\n"):format(entry.id, when.show(entry.at), what, once))
end

-- ---- looking ----

local clients = {}

local function client_of(entry)
  local name = entry.service
  if not services.declaration(name or "") then
    return nil, "nothing says how to look this up"
  end
  clients[name] = clients[name] or require(name).connect()
  local base = secret.redact(clients[name].url) .. "/"
  if entry.url:sub(1, #base) ~= base then
    return nil, ("it went to another address than %s: choose its --profile"):format(base)
  end
  return clients[name]
end

---@return siterun.Settlement? found
---@return string? why there is none
local function look_once(entry)
  local ok, client, why = pcall(client_of, entry)
  if not ok then
    return nil, "the service can't be asked: " .. tostring(client)
  end
  if not client then
    return nil, why
  end
  local looked, found = pcall(settle.look, client, entry)
  if not looked then
    if errors.is(found) and found.kind == "interrupted" then
      error(found, 0)
    end
    return nil, "the service can't be asked: " .. tostring(found)
  end
  return found, "nothing says how to look this up"
end

---Seconds until a write is old enough for not being seen to say something.
local function left_to_wait(entry, options)
  local left = (entry.ended or entry.at) + options.min_age - clock.now()
  return math.min(left, options.min_age) -- the clock may have been set back
end

---Looks until what it finds can be believed; what is only shown need not be.
local function look(entry, options)
  local found, why = look_once(entry)
  local left = left_to_wait(entry, options)
  if not found or found.state ~= "not_sent" or left <= 0 then
    return found, why
  elseif not options.takes then
    found.text = found.text .. (" so far (it is %.0f s old)"):format(options.min_age - left)
    return found
  end
  io.stdout:flush() -- what it is about comes first, also through a pipe
  io.stderr:write(("siterun: %s so far; waits %.0f s and looks again\n"):format(found.text,
    math.ceil(left)))
  task.sleep(left)
  return look_once(entry)
end

-- ---- settling ----

local WORDS = { done = "done", not_sent = "not done" }

local function answer_of(found)
  if not found.item or found.state ~= "done" then
    return {}
  end
  return { status = 200, body = json.encode({ item = found.item }),
    headers = { ["content-type"] = "application/json" } }
end

local function record(entry, state, how, found)
  local last = journal.outcome(entry.id)
  if last and last.outcome ~= "unknown" then
    say("settled meanwhile: %s", WORDS[last.outcome] or last.outcome)
    return true
  end
  local self, body = identity.self(), answer_of(found or {})
  body.how, body.by, body.found = how, self.user .. "@" .. self.host, found and found.text
  journal.write({ kind = "settled", intent = entry.id, run = entry.run, once = entry.once,
    service = entry.service, operation = entry.operation, outcome = state,
    body = journal.body(body) })
  say("settled: %s", WORDS[state])
  return true
end

local function ask(question)
  io.stderr:write("      ", question, " ")
  local answer = io.read("l")
  return answer and answer:lower():match("^%s*(%a)")
end

local function by_hand(entry, why)
  say("%s", line.clean(why, 1000))
  if not settings.terminal then
    say("settle it by hand: siterun reconcile --done %d, or --not-done %d", entry.id, entry.id)
    return false
  end
  local answer = ask("was it done? [y: yes, n: no, anything else: leave it]")
  local state = answer == "y" and "done" or answer == "n" and "not_sent"
  return state and record(entry, state, "by hand") or false
end

local function by_finding(entry, found, options)
  say("%s: %s", WORDS[found.state], line.clean(found.text))
  if options.takes then
    return record(entry, found.state, "look-up", found)
  elseif not settings.terminal then
    say("take that with: siterun reconcile %d, or --all", entry.id)
    return false
  end
  local answer = ask(("settle it as %s? [y/n]"):format(WORDS[found.state]))
  return answer == "y" and record(entry, found.state, "look-up", found) or false
end

local function settle_one(entry, options)
  print_entry(entry)
  if options.done or options["not-done"] then
    return record(entry, options.done and "done" or "not_sent", "by hand")
  end
  local found, why = look(entry, options)
  if not found then
    return by_hand(entry, why)
  elseif found.state == "unclear" then
    return by_hand(entry, "unclear: " .. found.text)
  end
  return by_finding(entry, found, options)
end

-- ---- choosing ----

local function entry_of(word)
  local id = math.tointeger(tonumber(word))
  local entry = id and id > 0 and entries.get(id)
  if not entry or entry.kind == "note" then
    refuse("the journal has no write %s: see siterun journal --outcome unknown", word)
  end
  if entry.outcome == "in_flight" then
    refuse("write %d is still under way", id)
  end
  return entry
end

local function chosen(words)
  local list = {}
  if #words == 0 then
    for entry in entries.each({ outcome = "unknown" }, refuse) do
      list[#list + 1] = entry
    end
  end
  for i, word in ipairs(words) do
    list[i] = entry_of(word)
  end
  return list
end

local function take_min_age(options)
  local text = options["min-age"]
  options.min_age = not text and MIN_AGE or text == "0s" and 0 or when.age(text)
    or refuse("--min-age: %q is no age (such as 5s or 2m)", text)
end

local function check(options, words)
  if options.done and options["not-done"] then
    refuse("--done and --not-done exclude each other")
  end
  if (options.done or options["not-done"]) and (#words == 0 or options.all) then
    refuse("--done and --not-done need the ID of each write")
  end
  if options.all and #words > 0 then
    refuse("give --all or IDs, not both")
  end
  if settings.dry_run then
    refuse("reconcile records: it has no --dry-run; without --all and IDs it only shows")
  end
  if settings.sandbox then
    refuse("the sandbox of a run ends with it: there is nothing to reconcile")
  end
end

---The profile of the runs is asked as, where they had one that is not the usual one.
local function take_profile(list)
  local profile
  for _, entry in ipairs(list) do
    if profile and entry.profile ~= profile then
      return
    end
    profile = entry.profile
  end
  if profile ~= "default" then
    settings.profile = settings.profile or profile
  end
end

---@return integer code
return commandline.command(SPEC, function(options, words)
  check(options, words)
  take_min_age(options)
  options.takes = options.all or #words > 0
  local list, left = chosen(words), 0
  take_profile(list)
  for _, entry in ipairs(list) do
    if entry.outcome ~= "unknown" then
      print_entry(entry)
      say("not unknown: %s", WORDS[entry.outcome] or entry.outcome)
    elseif not settle_one(entry, options) then
      left = left + 1
    end
  end
  if #list == 0 then
    io.stderr:write("siterun: no outcome is unknown\n")
  elseif left > 0 then
    io.stderr:write(("siterun: %d of unknown outcome left\n"):format(left))
  end
  return left > 0 and 7 or 0
end)
