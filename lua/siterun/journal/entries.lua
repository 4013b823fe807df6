-- What happened, out of the journal's records: each write with its run and its outcome.
local journal = require "siterun.journal"
local json = require "c.json"
local nearest = require "siterun.nearest"
local runs = require "siterun.journal.past_runs"
local ticket = require "siterun.journal.ticket"
local when = require "siterun.when"

local M = {}

---@class journal.Entry
---@field id integer
---@field kind "write"|"once"|"note"
---@field at number seconds since 1970
---@field run? string
---@field user? string who ran it
---@field host? string
---@field profile? string
---@field recipe? string path of the script
---@field service? string
---@field operation? string
---@field once? string the key
---@field content? string fingerprint of what was sent
---@field method? string
---@field url? string without secrets
---@field request? any what was sent, decoded where it is JSON
---@field outcome? "done"|"refused"|"not_sent"|"unknown"|"in_flight"
---@field ended? number seconds since 1970
---@field status? integer HTTP status
---@field answer? any what came back
---@field error? table kind, message and more of a call that failed
---@field settled? table how an unknown outcome was found out
---@field note? any of journal.note

---@class journal.Filter
---@field service? string
---@field operation? string
---@field outcome? string
---@field ticket? string|integer number or id of a ticket that it concerns
---@field since? string|number seconds since 1970, a day, a time, or an age such as "2h"
---@field until? string|number
---@field run? string
---@field once? string

local OUTCOMES = { "done", "in_flight", "not_sent", "refused", "unknown" }

local function decoded(text)
  if type(text) ~= "string" then return text end
  local value = json.decode(text)
  return value == nil and text or value
end

local function take_outcome(entry, record, run)
  local body = record and journal.content(record) or {}
  local is_alive = run and run.state == "running"
  entry.outcome = record and record.outcome or is_alive and "in_flight" or "unknown"
  entry.ended = record and record.at
  entry.status, entry.answer, entry.error = body.status, decoded(body.body), body.error
  if entry.kind == "once" then entry.answer = body.result end
  if record and record.kind == "settled" then entry.settled = body end
end

---@param record siterun.Record an intent or a note
---@param by_id table<string, siterun.KnownRun>
---@return journal.Entry
local function read(record, by_id)
  local run, body = by_id[record.run or ""], journal.content(record)
  local entry = {
    id = record.seq, at = record.at, run = record.run, kind = "write",
    service = record.service, operation = record.operation, once = record.once,
    content = record.content,
    method = body.method, url = body.url, request = decoded(body.body),
    user = run and run.user, host = run and run.host, profile = run and run.profile,
    recipe = run and run.recipe,
  }
  if record.kind == "note" then
    entry.kind, entry.note = "note", body.note
  else
    entry.kind = record.service and "write" or "once"
    take_outcome(entry, journal.outcome(record.seq), run)
  end
  return entry
end

local function check_time(problem, name, value, is_end)
  if value == nil or type(value) == "number" then return value end
  local seconds = type(value) == "string" and when.read(value, is_end)
  return seconds
    or problem("%s: %q is no day (2026-01-31), time (2026-01-31 12:00) or age (2h, 30d)", name,
      tostring(value))
end

local FIELDS = { service = true, operation = true, outcome = true, ticket = true, since = true,
  ["until"] = true, run = true, once = true }

local function check_outcome(problem, outcome)
  for _, known in ipairs(OUTCOMES) do
    if outcome == nil or known == outcome then return end
  end
  problem("outcome: %q is none of %s%s", tostring(outcome), table.concat(OUTCOMES, ", "),
    nearest.hint(tostring(outcome), OUTCOMES))
end

---@param filter journal.Filter
---@param problem fun(form: string, ...) raises
local function check(filter, problem)
  for name in pairs(filter) do
    if not FIELDS[name] then
      problem("unknown filter %q%s", tostring(name),
        nearest.hint(tostring(name), nearest.keys(FIELDS)))
    end
  end
  for _, name in ipairs { "service", "operation", "run", "once" } do
    if filter[name] ~= nil and type(filter[name]) ~= "string" then
      problem("%s must be a string", name)
    end
  end
  check_outcome(problem, filter.outcome)
end

local function run_of(list, name, problem)
  if not name then return nil end
  local found = runs.find(list, name)
  return found and found.id or problem("the journal knows no run %q", name)
end

local function fits(entry, filter, names)
  if filter.outcome and entry.outcome ~= filter.outcome then return false end
  return not names or ticket.concerns(entry, names)
end

---Every write and note that fits the filter, from the first to the latest.
---@param filter journal.Filter
---@param problem fun(form: string, ...) raises what is wrong with the filter
---@return fun(): journal.Entry?
function M.each(filter, problem)
  check(filter, problem)
  local list, by_id = runs.list()
  local records = journal.each {
    service = filter.service, operation = filter.operation, once = filter.once,
    run = run_of(list, filter.run, problem),
    from = check_time(problem, "since", filter.since, false),
    to = check_time(problem, "until", filter["until"], true),
  }
  local names = filter.ticket and ticket.names(filter.ticket)
  return function()
    for record in records do
      local entry = (record.kind == "intent" or record.kind == "note") and read(record, by_id)
      if entry and fits(entry, filter, names) then return entry end
    end
  end
end

---What a write's address says of its request: without the service's, and without a query.
---@param entry journal.Entry
---@return string path "" where nothing was sent by address
function M.path(entry)
  return ((entry.url or ""):gsub("^%w+://[^/]*", ""):gsub("%?.*", ""))
end

---@param id integer
---@return journal.Entry? nil when there is no such write or note
function M.get(id)
  local record = journal.last { seq = id }
  if not record or record.kind ~= "intent" and record.kind ~= "note" then return nil end
  local _, by_id = runs.list()
  return read(record, by_id)
end

return M
