---The journal, for recipes: what was written, remarks of one's own, and effects that happen once.
local effect = require("siterun.journal.effect")
local entries = require("siterun.journal.entries")
local errors = require("siterun.errors")
local journal = require("siterun.journal")
local json = require("c.json")
local once_key = require("siterun.journal.once_key")
local run = require("siterun.journal.this_run")
local settings = require("siterun.settings")

local M = {}

---What journal.once does has no content that could be compared.
local CONTENT = "journal.once"

local function fail(operation, fields)
  fields.service, fields.operation = "journal", operation
  errors.raise(fields)
end

local function refuser(operation)
  return function(form, ...)
    fail(operation, { kind = "usage", message = form:format(...) })
  end
end

---Lists the writes and notes that fit the filter, from the first to the latest. Raises "usage"
---for a filter that there is not, "config" when the journal can't be read.
---@param filter? journal.Filter
---@return journal.Entry[]
function M.list(filter)
  local refuse = refuser("list")
  if filter ~= nil and type(filter) ~= "table" then
    refuse("the filter must be a table, not a %s", type(filter))
  end
  local list = {}
  for entry in entries.each(filter or {}, refuse) do
    list[#list + 1] = entry
  end
  return list
end

---One write or note.
---@param id integer
---@return journal.Entry? entry nil when there is none of this number
function M.get(id)
  if math.type(id) ~= "integer" or id < 1 then
    refuser("get")("id must be a positive integer, not %s", tostring(id))
  end
  return entries.get(id)
end

local function encoded(operation, value)
  local ok, text = pcall(journal.body, value)
  if ok then
    return text
  end
  local message = errors.is(text) and text.message or tostring(text)
  fail(operation, { kind = "usage", message = message })
end

---Leaves a remark in the journal. Secrets in it are hidden. A dry run leaves none.
---@async
---@param remark string|table a table is kept as JSON
---@return integer? id
function M.note(remark)
  if type(remark) ~= "string" and type(remark) ~= "table" then
    refuser("note")("the remark must be a string or a table, not a %s", type(remark))
  end
  local body = encoded("note", { note = remark })
  if settings.dry_run then
    io.stderr:write("dry-run: note ", body, "\n")
    return nil
  end
  return journal.write({ kind = "note", run = run.id(), body = body })
end

local function unkept(problem)
  fail("once", { kind = "usage", sent = "yes",
    message = "the function ran, but the result can't be recorded: " .. problem })
end

-- What was recorded of f; one whose result could not be kept says so each time.
local function recorded(intent)
  local body = journal.content(journal.outcome(intent))
  if body.problem then
    unkept(body.problem)
  end
  return body.result
end

local function settle(this, result, why)
  if result == nil and why ~= nil then
    this:settle("not_sent", { message = tostring(why) }, "it was not done")
    return nil, why
  end
  local text, problem = json.encode({ result = result })
  if text then
    this:settle("done", { result = result }, "it was done")
    return result
  end
  this:settle("done", { problem = problem }, "it was done")
  unkept(problem)
end

local function check(refuse, key, f)
  local problem = once_key.problem(key)
  if problem then
    refuse("%s", (problem:gsub("^once", "the key")))
  end
  if type(f) ~= "function" then
    refuse("a function expected, got %s", type(f))
  end
end

local function run_once(this, f)
  this:begin({})
  local results = table.pack(pcall(f))
  if results[1] then
    return settle(this, results[2], results[3])
  end
  local e = results[2]
  this:settle("unknown", { error = { message = tostring(e) } }, "it failed")
  error(e, 0)
end

---Runs f once under a key, in this and every later run: for effects outside of the services. What f
---returns (one value that JSON can hold) is recorded, and returned without running f from then on.
---
---f says that it did nothing by returning nil and a reason: the key is free then, and both are
---returned. An error of f leaves it open whether it did something: it is raised, and the key is
---blocked until `siterun reconcile` settles it. Keep f to one effect. A dry run does not run f.
---Raises "unknown_outcome" for a blocked key, "usage" for the key of another write.
---@async
---@param key string at most 200 bytes, shared with `once` of writes
---@param f fun(): any, string?
---@return any result
---@return string? reason
function M.once(key, f)
  local refuse = refuser("once")
  check(refuse, key, f)
  if settings.dry_run then
    io.stderr:write("dry-run: once ", key, "\n")
    return nil
  end
  local this <close> = effect.new({
    operation = "journal.once", once = key, content = CONTENT,
    fail = function(fields)
      fail("once", fields)
    end,
  })
  local intent, is_other = this:claim()
  if is_other then
    refuse("the key %q was used for a write (journal %d)", key, intent)
  end
  if intent then
    return recorded(intent)
  end
  return run_once(this, f)
end

return M
