-- The plan that this run makes or applies: each write meets its entry before anything is sent.
local difference = require "siterun.journal.difference"
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local loop = require "c.loop"
local pathname = require "siterun.pathname"
local scheduler = require "siterun.scheduler"
local secret = require "c.secret"
local settings = require "siterun.settings"
local standin = require "siterun.standin"
local substitute = require "siterun.plan.substitute"

local M = {}

---@class siterun.Planned a write of a plan
---@field number integer
---@field service string
---@field operation string
---@field method string
---@field address string of the service
---@field path string
---@field query string
---@field body? string
---@field content string fingerprint of what is sent, without mark and secrets
---@field occurrence integer
---@field once? string the recipe's own key
---@field made? table[] names of fields -> stand-ins, of each object that it creates

---@class siterun.Plan
---@field id string
---@field writes siterun.Planned[]
---@field any_order boolean tasks wrote at the same time: their order may differ
---@field sandbox boolean

-- Of what is under way: the plan, how it is used, and what came of it so far.
---@type {plan: siterun.Plan, applies: boolean}?
local active

local threads, occurrences, met, real, is_done, stopped

local function start(plan, applies)
  active = { plan = plan, applies = applies }
  threads, occurrences, met, real, is_done, stopped = {}, {}, {}, {}, {}, nil
end

---The writes of this run go into the plan.
---@param plan siterun.Plan
function M.record(plan)
  start(plan, false)
end

---This run makes the plan's writes and no others.
---@param plan siterun.Plan
---@param done table<integer, boolean> numbers of writes that the journal has as done
---@param known table<string, any> stand-in -> what the service made, of these
function M.follow(plan, done, known)
  start(plan, true)
  is_done, real = done, known
end

---The key under which an entry's write is made once.
---@param plan siterun.Plan
---@param entry siterun.Planned
---@return string
function M.key(plan, entry)
  return entry.once or string.format("plan %s %d", plan.id, entry.number)
end

local function hidden(text)
  return text and secret.redact(text)
end

local function query_text(query)
  local parts = {}
  for i, pair in ipairs(query or {}) do
    parts[i] = pathname.text(pair[1]) .. "=" .. pathname.text(pair[2])
  end
  return table.concat(parts, "&")
end

local function describe(client, endpoint, request)
  return {
    service = client.service.name, operation = endpoint.name, method = request.method,
    address = hidden(client.url), path = hidden(request.path),
    query = hidden(query_text(request.query)), body = hidden(request.body), once = request.once,
  }
end

local function url_of(entry)
  local query = entry.query ~= "" and "?" .. entry.query or ""
  return (settings.sandbox and "" or entry.address) .. entry.path .. query
end

local function sent(entry)
  return { service = entry.service, operation = entry.operation, method = entry.method,
    url = url_of(entry), body = entry.body, once = entry.once }
end

local function fingerprint(entry)
  local parts = {}
  for i, name in ipairs { "service", "operation", "method", "path", "query", "body" } do
    local text = entry[name]
    parts[i] = text and #text .. ":" .. text or "-"
  end
  return journal.fingerprint(table.concat(parts, "\n"))
end

local function note_thread()
  local thread = coroutine.running()
  if not threads[thread] then
    threads[thread] = true
    threads.count = (threads.count or 0) + 1
  end
  return threads.count > 1
end

-- Other tasks come to their turn, as they do while an answer is waited for.
local function let_others()
  local timer <close> = loop.timer(0)
  if timer then scheduler.wait(timer) end
end

---@async
local function add(entry)
  local writes = active.plan.writes
  entry.number = #writes + 1
  entry.content = fingerprint(entry)
  occurrences[entry.content] = (occurrences[entry.content] or 0) + 1
  entry.occurrence = occurrences[entry.content]
  writes[entry.number] = entry
  active.plan.any_order = note_thread()
  let_others()
  return entry
end

-- ---- applying ----

local function expected(entry)
  return substitute.entry(entry, real)
end

local function fits(entry, is)
  return substitute.equal(sent(expected(entry)), sent(is))
end

---In the planned order; one that is done already may be left out.
local function next_in_order(is)
  for _, entry in ipairs(active.plan.writes) do
    if not met[entry.number] then
      if fits(entry, is) then return entry end
      if not is_done[entry.number] then return nil, entry end
    end
  end
end

local function next_of_any(is)
  local nearest
  for _, entry in ipairs(active.plan.writes) do
    if not met[entry.number] then
      if fits(entry, is) then return entry end
      local is_alike = entry.operation == is.operation and entry.service == is.service
      nearest = nearest or is_alike and entry or nil
    end
  end
  return nil, nearest
end

local function title(entry)
  return string.format("%s %s %s %s", entry.service, entry.operation, entry.method, entry.path)
end

local function explain(is, instead)
  if not instead then return string.format("the plan has no further %s", title(is)) end
  return string.format("this is not the planned write %d (%s): %s", instead.number,
    title(expected(instead)), difference.between(sent(expected(instead)), sent(is)))
end

-- A recipe may pass over the error: nothing else is sent either.
local function stop(is, instead)
  stopped = errors.new { kind = "usage", service = is.service, operation = is.operation,
    message = explain(is, instead), sent = "no", hint = "make a new plan and look at it" }
  error(stopped, 0)
end

local function find(is)
  if stopped then error(stopped, 0) end
  local look = active.plan.any_order and next_of_any or next_in_order
  local entry, instead = look(is)
  if not entry then stop(is, instead) end
  met[entry.number] = true
  return entry
end

---What this write is in the plan; nil where there is no plan. In a plan that is applied a write
---that is not the planned one raises.
---@param client table
---@param endpoint table
---@param request table gets its key
---@return siterun.Planned?
function M.meet(client, endpoint, request)
  if not active then return nil end
  local is = describe(client, endpoint, request)
  local entry = active.applies and find(is) or not active.applies and add(is) or nil
  request.once = M.key(active.plan, entry)
  return entry
end

---The same for a write to any other service, which no journal knows.
---@param request table method, url, query, body
---@return string? once the key that it is made under in a plan that is applied
function M.meet_foreign(request)
  local address, path = request.url:match "^(%w+://[^/?]*)(.*)$"
  local as = { method = request.method, path = path or request.url, query = request.query,
    body = request.body }
  local client = { service = { name = "http" }, url = address or "" }
  M.meet(client, { name = request.method }, as)
  return active and active.applies and as.once or nil
end

local function objects_in(value)
  if type(value) ~= "table" then return {} end
  return value[1] ~= nil and value or { value }
end

local function names_of(object)
  local names
  for name, value in pairs(object) do
    if standin.is_id(value) then
      names = names or {}
      names[name] = value
    end
  end
  return names
end

---Takes down what the write of an entry made: stand-ins, or what stands for them now.
---@param entry? siterun.Planned
---@param value any
function M.made(entry, value)
  if not entry then return end
  for i, object in ipairs(objects_in(value)) do
    if not active.applies then
      entry.made = entry.made or {}
      entry.made[i] = names_of(object) or {}
    end
    substitute.learn(real, entry.made and entry.made[i] or {}, object)
  end
end

---What is left of a plan that was applied: its writes that nobody asked for and that are not
---done, and the difference that stopped it.
---@return siterun.Planned[] missing
---@return siterun.Error? stopped
function M.left()
  local missing = {}
  for _, entry in ipairs(active.plan.writes) do
    if not met[entry.number] and not is_done[entry.number] then
      missing[#missing + 1] = expected(entry)
    end
  end
  return missing, stopped
end

---@param entry siterun.Planned
---@return string
M.title = title

return M
