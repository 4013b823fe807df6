---A running `siterun sandbox`, called with curl: a client that knows nothing of siterun's own.
local json = require("c.json")
local process = require("c.process")
local t = require("tests.t")

---@class tests.Sandbox
---@field vars table<string, string>
---@field child userdata
local Sandbox = {}
Sandbox.__index = Sandbox
Sandbox.__close = function(sandbox)
  sandbox.child:stop()
end

local M = {}

---@param ... string options of `siterun sandbox`
---@return tests.Sandbox to be closed
function M.start(...)
  local child = assert(process.start { t.program, "sandbox", ... })
  local sandbox = setmetatable({ child = child, vars = {}, lines = {} }, Sandbox)
  repeat
    local line = assert(child:line())
    sandbox.lines[#sandbox.lines + 1] = line
    local name, value = line:match("^export ([%u_]+)='([^']*)'$")
    sandbox.vars[name or ""] = value
  until line == "# ready"
  sandbox.base = sandbox.vars.TICKETING_URL:match("^http://[^/]+")
  return sandbox
end

local function parse(text)
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  while head and head:find("^HTTP/1.1 100") do
    head, body = body:match("^(.-)\r\n\r\n(.*)$")
  end
  local answer = { headers = {}, body = body }
  answer.status = head and math.tointeger(head:match("^HTTP/1.1 (%d+)"))
  for name, value in (head or ""):gmatch("\n([%w-]+): ([^\r\n]*)") do
    answer.headers[name:lower()] = value
  end
  return answer
end

local function command(method, url, o)
  local parts = { "curl -s -S -i -g --max-time", tostring(o.max_time or 20), "-X", method,
    t.quote(url) }
  local function add(...)
    table.move({ ... }, 1, select("#", ...), #parts + 1, parts)
  end
  for name, value in pairs(o.headers or {}) do
    add("-H", t.quote(name .. ": " .. value))
  end
  if o.user then
    add("-u", t.quote(o.user))
  end
  if o.body then
    add("--data-binary", t.quote(o.body))
  end
  return table.concat(parts, " ")
end

---@param method string
---@param url string
---@param o? table headers (by name), body or json, user ("name:password"), max_time (seconds)
---@return table answer status, headers (lower case), body, json, and curl's exit code as curl
function M.curl(method, url, o)
  o = o or {}
  if o.json ~= nil then
    o.body = assert(json.encode(o.json))
    o.headers = o.headers or {}
    o.headers["Content-Type"] = o.headers["Content-Type"] or "application/json"
  elseif o.body then
    o.headers = o.headers or {}
    o.headers["Content-Type"] = o.headers["Content-Type"] or "text/plain"
  end
  local pipe = assert(io.popen(command(method, url, o) .. " 2>/dev/null"))
  local text = pipe:read("a")
  local _, _, code = pipe:close()
  local answer = parse(text)
  answer.curl = code
  answer.json = answer.body and json.decode(answer.body)
  return answer
end

---@param path string below /_sandbox
function Sandbox:control(method, path, o)
  return M.curl(method, self.base .. "/_sandbox" .. path, o)
end

---Ticketing with the primary key, or another.
function Sandbox:tk(method, path, o)
  o = o or {}
  local mark = path:find("?", 1, true) and "&" or "?"
  local key = o.key == nil and self.vars.TICKETING_KEY or o.key
  return M.curl(method,
    self.vars.TICKETING_URL .. path .. (key and mark .. "key=" .. key or ""), o)
end

---TeamWork Live with the account's credentials.
function Sandbox:tw(method, path, o)
  o = o or {}
  o.user = self.vars.TEAMWORKLIVE_EMAIL .. ":" .. self.vars.TEAMWORKLIVE_API_KEY
  return M.curl(method, self.vars.TEAMWORKLIVE_URL .. path, o)
end

---@param password? string
function Sandbox:login(password)
  local vars = self.vars
  return M.curl("POST", vars.TELEPORTE_URL .. "/sessions", {
    json = { username = vars.TELEPORTE_USERNAME,
      password = password or vars.TELEPORTE_PASSWORD },
  })
end

---The four headers of a Teleporte call, after one login.
---@return table<string, string>
function Sandbox:tp_headers()
  if not self.session then
    self.session = self:login().json
  end
  return {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. self.session.tws_token.tws_token_data,
    ["tws-organization-token"] = self.vars.TELEPORTE_ORG_TOKEN,
    ["tws-membership-id"] = self.session.tws_memberships[1].id,
  }
end

function Sandbox:tp(method, path, o)
  o = o or {}
  o.headers = o.headers or self:tp_headers()
  return M.curl(method, self.vars.TELEPORTE_URL .. path, o)
end

---@return table user whom writes are attributed to
function Sandbox:user()
  local vars = self.vars
  return { id = vars.TICKETING_USER_ID, name = vars.TICKETING_USER_NAME,
    email = vars.TICKETING_USER_EMAIL }
end

return M
