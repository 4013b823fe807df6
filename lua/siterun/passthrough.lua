-- client:request: any call of a service, also one that its declaration does not name.
local answer = require "siterun.answer"
local arguments = require "siterun.arguments"
local call = require "siterun.call"
local form = require "siterun.form"
local json = require "c.json"
local nearest = require "siterun.nearest"
local options = require "siterun.options"
local pathname = require "siterun.pathname"
local plan = require "siterun.plan"
local schema = require "siterun.schema"
local settings = require "siterun.settings"
local standin = require "siterun.standin"

local M = {}

---@class siterun.AnyRequest a call that need not be declared
---@field method? "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE" GET unless told
---@field path string below the service's address; may end in a query
---@field query? table<string, string|number|boolean>
---@field headers? table<string, string|number|boolean>
---@field json? any sent as JSON
---@field body? string sent as it is
---@field once? string key of a write: it happens once under it, in all runs
---@field timeout? number seconds that each attempt may take
---@field deadline? number seconds that the whole call may take
---@field priority? "high"|"normal"|"low" who goes first where the limit is waited for

local FIELDS = {
  method = { type = "enum", values = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" } },
  path = { type = "path" },
  query = { type = "any" },
  headers = { type = "any" },
  json = { type = "any" },
  body = { type = "string" },
  once = { type = "any" },
}

for name, spec in pairs(options) do FIELDS[name] = spec end

M.FIELDS = FIELDS

-- These are siterun's: another value would change whose call it is or where it ends.
local RESERVED = {
  authorization = true, host = true, ["content-length"] = true, ["transfer-encoding"] = true,
  connection = true,
}

local function take(check, into, given)
  if type(given) ~= "table" then
    check.fail("the request must be a table, not a " .. type(given))
  end
  for key, value in pairs(given) do
    local spec = FIELDS[key]
    if not spec then
      check.fail(string.format("unknown field %q%s", tostring(key),
        nearest.hint(key, nearest.keys(FIELDS))))
    end
    into[key] = schema.check(check, spec, key, value)
  end
end

---Pairs of a list of pairs or of a table of names; names sorted, so that the same call looks
---the same.
local function pairs_of(check, what, given)
  if type(given) ~= "table" then check.fail(what .. " must be a table") end
  local list = {}
  for _, pair in ipairs(given) do list[#list + 1] = { pair[1], pair[2] } end
  for _, name in ipairs(nearest.keys(given)) do list[#list + 1] = { name, given[name] } end
  for _, pair in ipairs(list) do
    local kind = type(pair[2])
    if type(pair[1]) ~= "string" or kind ~= "string" and kind ~= "number"
      and kind ~= "boolean" then
      check.fail(what .. " must have names and single values")
    end
    schema.check(check, { type = kind, at = "query" }, what .. " " .. pair[1], pair[2])
  end
  return list
end

local function headers_of(check, given)
  local list = pairs_of(check, "headers", given or {})
  for _, pair in ipairs(list) do
    if not pair[1]:match("^[%w!#$%%&'*+.^_`|~-]+$") then
      check.fail(string.format("%q is no header", pair[1]))
    end
    if RESERVED[pair[1]:lower()] then
      check.fail(string.format("header %q is set by siterun", pair[1]))
    end
    pair[2] = pathname.text(pair[2])
  end
  return list
end

local function body_of(check, given, headers)
  if given.json ~= nil and given.body ~= nil then check.fail("give json or body, not both") end
  if given.json == nil then return given.body end
  local text, problem = json.encode(given.json)
  if not text then check.fail(problem) end
  form.default_header(headers, "Content-Type", "application/json")
  return text
end

local function build(client, check, given)
  if not given.path then check.fail("missing: path") end
  local path, query = pathname.split(given.path)
  for _, pair in ipairs(pairs_of(check, "query", given.query or {})) do
    query[#query + 1] = { pair[1], pathname.text(pair[2]) }
  end
  local headers = headers_of(check, given.headers)
  local body = body_of(check, given, headers)
  for _, pair in ipairs(client.service.headers) do
    form.default_header(headers, pair[1], pair[2])
  end
  local method = given.method or "GET"
  local is_write = method ~= "GET" and method ~= "HEAD"
  if given.once ~= nil then arguments.check_once(check, is_write, given.once) end
  return {
    account = client.account, operation = "request", method = method, path = "/" .. path,
    query = query,
    headers = headers, body = body, write = is_write, once = given.once,
    timeout = given.timeout, deadline = given.deadline, priority = given.priority,
  }
end

local function result(_, _, response)
  local value = not answer.is_xml(response) and answer.decode(response) or nil
  return { status = response.status, headers = response.headers, body = response.body,
    json = value }
end

---@async
---@param client siterun.Client
---@param given table
---@param further? table
---@return table response status, headers, body, json
function M.request(client, given, further)
  local check = client.checks.request
  local fields = {}
  take(check, fields, given)
  if further ~= nil then take(check, fields, further) end
  local outgoing = build(client, check, fields)
  local endpoint = { name = "request", write = outgoing.write }
  if outgoing.write then plan.meet(client, endpoint, outgoing) end
  if settings.dry_run and outgoing.write then
    standin.print(client, outgoing)
    return { status = 200, headers = {}, body = "" }
  end
  return call.receive(client, endpoint, outgoing, result)
end

return M
