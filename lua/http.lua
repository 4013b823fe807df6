---Requests to any other service, under the transport rules of all calls: https (http to loopback),
---certificates checked, no redirect followed, nothing taken from the environment. No journal, no
---limit and no retries: each request is sent once, but for a read whose kept-alive connection turns
---out to be dead, which is sent once more over another. A write (anything but GET, HEAD and OPTIONS)
---never is.
local errors = require("siterun.errors")
local settings = require("siterun.settings")
local url = require("c.url")
local wire = require("siterun.wire")

local M = {}

local READS = { GET = true, HEAD = true, OPTIONS = true }

local OPTIONS = {
  "method", "url", "query", "headers", "json", "body", "timeout", "deadline", "body_max",
  "ca_file", "proxy",
}

local KNOWN = {}
for _, name in ipairs(OPTIONS) do
  KNOWN[name] = true
end

---@class http.Options
---@field query? table<string, string|number|boolean> added to the URL, in the order of the names
---@field headers? table<string, string|number|userdata> values may be secrets (require "secret")
---@field json? any sent as JSON
---@field body? string sent as it is
---@field timeout? number seconds that the request may take; 60 unless told
---@field deadline? number seconds that the whole call may take
---@field body_max? integer bytes that the answer may have; 32 MiB unless told
---@field ca_file? string PEM file of a further authority
---@field proxy? string URL of a proxy; none unless told

local function refuse(message)
  errors.raise({ kind = "usage", service = "http", operation = "request", message = message })
end

local function by_name(a, b)
  return a[1] < b[1]
end

local function pairs_of(map, what)
  if map == nil then
    return nil
  end
  if type(map) ~= "table" then
    refuse(("%s: a table of names and values expected, got %s"):format(what, type(map)))
  end
  local list = {}
  for name, value in pairs(map) do
    if type(name) ~= "string" then
      refuse(("%s: names are strings, got a %s"):format(what, type(name)))
    end
    list[#list + 1] = { name, type(value) == "boolean" and tostring(value) or value }
  end
  table.sort(list, by_name)
  return list
end

local function has_header(headers, wanted)
  for _, pair in ipairs(headers) do
    if pair[1]:lower() == wanted then
      return true
    end
  end
  return false
end

local function add_body(request, options)
  request.body = options.body
  if options.json == nil then
    return
  end
  if options.body ~= nil then
    refuse("`json` and `body` exclude each other")
  end
  request.body = require("json").encode(options.json)
  request.headers = request.headers or {}
  if not has_header(request.headers, "content-type") then
    table.insert(request.headers, { "Content-Type", "application/json" })
  end
end

-- Options that go on as they are.
local PLAIN = { timeout = true, deadline = true, body_max = true, ca_file = true, proxy = true }

local function check_name(name)
  if not KNOWN[name] then
    local hint = require("siterun.nearest").hint(tostring(name), OPTIONS)
    refuse(("unknown option %q%s"):format(tostring(name), hint))
  end
end

local function check_proxy(address)
  local proxy = address ~= nil and require("siterun.config.proxy")
  if proxy and not proxy.is_address(address) then
    refuse("proxy is not " .. proxy.WANTED)
  end
end

---Adds what the options say beside method and url.
local function add_options(request, options)
  for name, value in pairs(options) do
    check_name(name)
    if PLAIN[name] then
      request[name] = value
    end
  end
  check_proxy(options.proxy)
  request.query = pairs_of(options.query, "query")
  request.headers = pairs_of(options.headers, "headers")
  add_body(request, options)
end

local function check_table(options)
  if type(options) ~= "table" then
    refuse("a table of options expected, got " .. type(options))
  end
end

local function build(method, address, options)
  if type(address) ~= "string" then
    refuse("url: a string expected, got " .. type(address))
  end
  local request = { method = method, url = address, write = not READS[method] }
  if options then
    add_options(request, options)
  end
  return request
end

---A dry run shows a write instead of sending it.
local function stand_in(request)
  local checked, failure = url.check(request.url)
  if not checked then
    errors.raise(errors.from(failure, { service = "http", operation = request.method }))
  end
  require("siterun.standin").print({ url = "" },
    { method = request.method, path = checked, query = request.query, body = request.body })
  return { status = 200, headers = {}, body = "", url = checked, attempts = 0 }
end

---Options of a wrong type are what c.http raises plain messages about.
---@async
local function try(request)
  local ok, response, failure = pcall(wire.send, request)
  if ok then
    return response, failure
  elseif type(response) == "string" then
    refuse((response:gsub("^%[siterun%][^:]*:%d+: ", "")))
  end
  error(response, 0)
end

local function answered(method, response, failure)
  if not response then
    errors.raise(errors.from(failure, { service = "http", operation = method }))
  end
  return response
end

---@async
local function send(request)
  return answered(request.method, try(request))
end

---A planned write is made once, however often the plan is applied.
---@async
local function send_once(once, request)
  local kept = require("journal").once(once, function()
    local response = send(request)
    local body = utf8.len(response.body) and response.body or nil
    return { status = response.status, headers = response.headers, body = body }
  end)
  kept.json = kept.body and require("c.json").decode(kept.body)
  kept.attempts = kept.attempts or 1
  return kept
end

---@async
local function perform(request)
  if not request.write then
    return send(request)
  end
  local once = require("siterun.plan").meet_foreign(request)
  if settings.dry_run then
    return stand_in(request)
  end
  return once and send_once(once, request) or send(request)
end

---Sends a request. A status is no error here; no answer is one.
---@async
---@param options http.Options method, url and the rest
---@return siterun.Response
function M.request(options)
  check_table(options)
  local method = options.method or "GET"
  if type(method) ~= "string" then
    refuse("method: a string expected, got " .. type(method))
  end
  return perform(build(method:upper(), options.url, options))
end

local function check_free(options, name, method)
  if options[name] ~= nil then
    refuse(("%q is set by http.%s itself"):format(name, method:lower()))
  end
end

local function shorthand(method)
  return function(address, options)
    if options ~= nil then
      check_table(options)
      check_free(options, "method", method)
      check_free(options, "url", method)
    end
    return perform(build(method, address, options))
  end
end

local get = shorthand("GET")

---Sends a GET request: http.request with that method.
---@type async fun(url: string, options?: http.Options): siterun.Response
M.get = function(address, options)
  if options == nil and type(address) == "string" then -- most calls
    return answered("GET", wire.get(address))
  end
  return get(address, options)
end
---Sends a POST request: http.request with that method.
---@type async fun(url: string, options?: http.Options): siterun.Response
M.post = shorthand("POST")

return M
