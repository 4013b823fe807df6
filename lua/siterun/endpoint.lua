-- Makes methods out of endpoints.
local arguments = require "siterun.arguments"
local call = require "siterun.call"
local deadline = require "siterun.deadline"
local lookup = require "siterun.lookup"
local paging = require "siterun.paging"
local plan = require "siterun.plan"
local progress = require "siterun.progress"
local reference = require "siterun.journal.reference"
local request = require "siterun.request"
local result = require "siterun.result"
local settings = require "siterun.settings"
local standin = require "siterun.standin"

local M = {}

---@async
local function send(client, endpoint, bound, outgoing)
  if settings.dry_run then
    local answered, value = standin.answer(client, endpoint, bound.values, outgoing)
    if answered then return value end
  end
  return call.receive(client, endpoint, outgoing, result.take)
end

local function with_mark(client, endpoint, bound, outgoing, mark)
  local marked = {}
  for name, value in pairs(bound) do marked[name] = value end
  marked.values = reference.marked(endpoint, bound.values, mark)
  local again = request.build(client, endpoint, marked)
  again.once = outgoing.once
  return marked, again
end

---@async
local function write(client, endpoint, bound, outgoing)
  local entry = plan.meet(client, endpoint, outgoing)
  local mark = reference.take(client, endpoint, outgoing)
  if mark then bound, outgoing = with_mark(client, endpoint, bound, outgoing, mark) end
  local ok, value = pcall(send, client, endpoint, bound, outgoing)
  if not ok then
    if mark then reference.give_back(mark, value) end
    error(value, 0)
  end
  plan.made(entry, value)
  return value
end

---@async
local function run(client, endpoint, bound)
  local outgoing = request.build(client, endpoint, bound)
  if endpoint.write then return write(client, endpoint, bound, outgoing) end
  return send(client, endpoint, bound, outgoing)
end

---@async
local function look_up(client, endpoint, bound)
  if not lookup.is_needed(bound) then return end
  local place = { service = client.service.name, operation = endpoint.name }
  deadline.within(bound.ends_at, place, lookup.apply, client, bound)
end

---@async
local function bind(client, endpoint, of, args, count)
  local bound = arguments.bind(client, endpoint, of, args, count)
  if bound.options then bound.ends_at = deadline.start(bound.options.deadline) end
  if #bound.form.titled > 0 then look_up(client, endpoint, bound) end
  return bound
end

---@async
---@param client table
---@param endpoint siterun.Endpoint
---@param of any what the resource is bound to
---@param ... any the caller's arguments
---@return any
function M.call(client, endpoint, of, ...)
  return run(client, endpoint, bind(client, endpoint, of, { ... }, select("#", ...)))
end

local function check_token(client, endpoint, token)
  if token == nil then return nil end
  if type(token) ~= "string" or #token > 8192 or token:find("[^\x21-\x7E]") then
    call.fail(client, endpoint, { kind = "decode", sent = "yes",
      message = "the service sent a page token that can't stand in a header" })
  end
  return token
end

-- A total that is no more than this page holds may be the page's own.
local function expect(bar, page, spec)
  local total = bar and math.tointeger(page[spec.total])
  if total and total > #page.items then bar:expect(total) end
end

---Fetches pages for siterun.paging: the filters stay, the token moves, the offset is for the
---first page only.
local function fetcher(client, endpoint, bound)
  local spec = endpoint.paging
  local values = bound.values
  values[spec.size] = values[spec.size] or spec.each_size
  return function(token)
    if token then
      values[spec.token] = token
      for _, name in ipairs(spec.first_only) do values[name] = nil end
    end
    local page = run(client, endpoint, bound)
    expect(bound.bar, page, spec)
    return page.items, check_token(client, endpoint, page[spec.token])
  end
end

local function items(client, endpoint, fetch)
  return paging.each {
    fetch = fetch,
    id = endpoint.paging.id,
    fail = function(message)
      call.fail(client, endpoint, { kind = "decode", sent = "yes", message = message })
    end,
  }
end

---An iterator over every item of a list, page after page. A deadline is each page's: what the
---caller does between them takes its own time.
---@async
---@param client table
---@param endpoint siterun.Endpoint
---@param of any
---@return fun(): any
function M.each(client, endpoint, of, ...)
  local bound = bind(client, endpoint, of, { ... }, select("#", ...))
  if endpoint.result.kind ~= "page" then return paging.whole(run(client, endpoint, bound)) end
  local fetch = fetcher(client, endpoint, bound)
  bound.bar = progress.start(client.service.name .. " " .. endpoint.name)
  return progress.count(bound.bar, items(client, endpoint, function(token)
    if bound.options then bound.ends_at = deadline.start(bound.options.deadline) end
    return fetch(token)
  end))
end

---Every item of all pages, as one list.
---@async
---@param client siterun.Client
---@param endpoint siterun.Endpoint
---@param of any what the resource is bound to
---@return table list
function M.all(client, endpoint, of, ...)
  local bound = bind(client, endpoint, of, { ... }, select("#", ...))
  if endpoint.result.kind ~= "page" then return run(client, endpoint, bound) end
  local list = {}
  local bar <close> = progress.start(client.service.name .. " " .. endpoint.name)
  bound.bar = bar
  for item in items(client, endpoint, fetcher(client, endpoint, bound)) do
    list[#list + 1] = item
    if bar then bar:step() end
  end
  return list
end

return M
