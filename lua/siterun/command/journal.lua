---`siterun journal`: what was written, by whom, and what came of it.
local commandline = require("siterun.commandline")
local display = require("c.display")
local entries = require("siterun.journal.entries")
local journal = require("siterun.journal")
local json = require("c.json")
local line = require("siterun.line")
local number = require("view.number")
local runs = require("siterun.journal.past_runs")
local when = require("siterun.when")

local refuse = commandline.refuse

local SPEC = {
  name = "journal",
  forms = {
    { "[FILTER...] [--json]", "list the writes and notes of past runs" },
    { "show ID [--json]", "everything about one" },
    { "runs [--json]", "list the runs and how they ended" },
    { "--verify", "check that no record was changed or is missing" },
    { "prune --older AGE", "forget what is older (400d); their keys too" },
  },
  text = [[
The filters are --service, --operation, --run, --once, --ticket, --outcome, --since and --until.
A time is a day (2026-01-31), a time (2026-01-31 12:00), or an age (2h, 30d).]],
  options = {
    { name = "service", argument = "NAME", words = "teleporte ticketing teamworklive",
      text = "writes to this service" },
    { name = "operation", argument = "NAME", text = "of this operation (tickets:create)" },
    { name = "run", argument = "RUN", words = "<run>", text = "of this run" },
    { name = "once", argument = "KEY", text = "under this key" },
    { name = "ticket", argument = "TICKET",
      text = "that concern the ticket of this number or id" },
    { name = "outcome", argument = "OUTCOME", words = "done refused not_sent unknown in_flight",
      text = "done, refused, not_sent, unknown or in_flight" },
    { name = "since", argument = "WHEN", text = "from then on" },
    { name = "until", argument = "WHEN", text = "up to then" },
    { name = "json", text = "one object a line" },
    { name = "verify", text = "check the records instead" },
    { name = "older", argument = "AGE", text = "of prune: what to forget" },
  },
  words = "show runs prune",
}

local LIST = "service operation run once ticket outcome since until json verify"

-- A recipe's file may have any name.
local function print_line(...)
  io.stdout:write(display.clean(table.concat({ ... }, "  ")), "\n")
end

local function print_json(value)
  io.stdout:write(assert(json.encode(value)), "\n")
end

---Times as texts, for other programs.
local function plain(entry)
  local out = {}
  for name, value in pairs(entry) do
    out[name] = value
  end
  for _, name in ipairs({ "at", "ended" }) do
    out[name] = entry[name] and when.utc(entry[name])
  end
  return out
end

local function base_name(path)
  return path and path:match("[^/]*$") or "-"
end

local function who(entry)
  return entry.user and entry.user .. "@" .. entry.host or "-"
end

---A call that succeeded is told by its status alone.
local function outcome_text(entry)
  if entry.kind == "note" then
    return "note"
  end
  local text = entry.outcome == "unknown" and "UNKNOWN" or entry.outcome
  return entry.status and ("%s (%d)"):format(text, entry.status) or text
end

local function what(entry)
  if entry.kind == "note" then
    local note = entry.note
    return line.clean(type(note) == "string" and note or json.encode(note), 60)
  end
  local request = entry.method and (" %s %s"):format(entry.method, entries.path(entry)) or ""
  local service = entry.service and entry.service .. " " or ""
  return service .. entry.operation .. request
end

local function print_entry(entry)
  local mark = entry.outcome == "unknown" and "!" or " "
  local once = entry.once and "once=" .. entry.once or nil
  print_line(("%s%6d"):format(mark, entry.id), when.show(entry.at),
    ("%-14s"):format(who(entry)), ("%-14s"):format(base_name(entry.recipe)),
    ("%-14s"):format(outcome_text(entry)), what(entry), once)
end

local function list(options)
  local filter = {}
  for name, value in pairs(options) do
    filter[name] = name ~= "json" and value or nil
  end
  local count, unknown = 0, 0
  for entry in entries.each(filter, refuse) do
    count = count + 1
    unknown = unknown + (entry.outcome == "unknown" and 1 or 0)
    if options.json then
      print_json(plain(entry))
    else
      print_entry(entry)
    end
  end
  if count == 0 then
    io.stderr:write("siterun: ",
      next(filter) and "nothing in the journal fits" or "the journal is empty", "\n")
  elseif unknown > 0 then
    local form = "siterun: %d of unknown outcome (marked !): siterun reconcile\n"
    io.stderr:write(form:format(unknown))
  end
  return 0
end

local function id_of(text)
  local id = math.tointeger(tonumber(text))
  return id and id > 0 and id
    or refuse("%q is no number of a write: see siterun journal", tostring(text))
end

local ORDER = { "id", "kind", "at", "ended", "run", "user", "host", "profile", "recipe",
  "service", "operation", "once", "method", "url", "request", "outcome", "status", "answer",
  "error", "settled", "note" }

local function show(options, rest)
  if #rest ~= 2 then
    refuse("journal show takes one ID")
  end
  local id = id_of(rest[2])
  local entry = entries.get(id) or refuse("the journal has no write %d", id)
  entry = plain(entry)
  if options.json then
    print_json(entry)
    return 0
  end
  for _, name in ipairs(ORDER) do
    local value = entry[name]
    if value ~= nil then
      local text = type(value) == "table" and json.encode(value) or tostring(value)
      print_line(("%-10s"):format(name), line.clean(text, 4000))
    end
  end
  return 0
end

local function count_writes()
  local counts = {}
  for record in journal.each({ kind = "intent" }) do
    local id = record.run or ""
    counts[id] = (counts[id] or 0) + 1
  end
  return counts
end

local function state_text(run)
  return runs.state_text(run) .. (run.resumed_by and ", resumed by " .. run.resumed_by or "")
end

local function writes_text(count)
  return ("%4d %-6s"):format(count, count == 1 and "write" or "writes")
end

local function list_runs(options, rest)
  if rest[2] then
    refuse("journal runs takes no %q", rest[2])
  end
  local counts, found = count_writes(), (runs.list())
  if #found == 0 then
    io.stderr:write("siterun: the journal has no runs\n")
  end
  for _, run in ipairs(found) do
    run.writes = counts[run.id] or 0
    if options.json then
      print_json(plain(run))
    else
      print_line(run.id, when.show(run.at), ("%-14s"):format(who(run)),
        ("%-14s"):format(base_name(run.recipe)), writes_text(run.writes), state_text(run))
    end
  end
  return 0
end

local function verify(options)
  local ok, found = pcall(journal.verify)
  if not ok then
    if type(found) ~= "table" or found.kind ~= "decode" then
      error(found, 0)
    end
    io.stderr:write("siterun: ", found.message, "\n")
    return 1
  end
  if options.json then
    print_json({ records = found })
  else
    io.stdout:write(number.of(found, "record"), ", none changed, none missing\n")
  end
  return 0
end

local function prune(options, rest)
  if #rest > 1 or not options.older then
    refuse("journal prune needs --older AGE, such as 400d")
  end
  local age = when.age(options.older)
    or refuse("--older: %q is no age (such as 400d or 12h)", options.older)
  io.stdout:write(number.of(journal.prune(os.time() - age), "record"), " removed\n")
  return 0
end

local COMMANDS = {
  show = { show, "json" },
  runs = { list_runs, "json" },
  prune = { prune, "older" },
}

local function list_or_verify(options, rest)
  if rest[1] then
    refuse("journal has no %q: there are show, runs, prune", rest[1])
  end
  if options.verify then
    return verify(options)
  end
  return list(options)
end

local function read(args)
  local chosen = COMMANDS[args[1]] or { list_or_verify, LIST }
  local options, rest = commandline.parse(args, commandline.only(SPEC.options, chosen[2]))
  return options, rest, chosen[1]
end

---@return integer code
return commandline.command(SPEC, function(options, rest, run)
  return run(options, rest)
end, read)
