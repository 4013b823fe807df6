---A request as a command of curl, for a shell in which the secrets are variables.
local account = require("siterun.account")
local json = require("c.json")
local pathname = require("siterun.pathname")
local secret = require("c.secret")
local shell = require("siterun.shell")

local M = {}

---Quotes a text for the shell; secrets in it are hidden.
local function quote(text)
  return shell.quote(secret.redact(text))
end

---Escapes a text for within double quotes.
local function escaped(text)
  return (secret.redact(tostring(text)):gsub('["$`\\]', "\\%0"))
end

---The variable for a secret: that of its setting, or one named after it.
local function variable(service, name)
  for _, setting in ipairs(service.settings) do
    if setting.name == name and setting.env then
      return setting.env
    end
  end
  return (service.name .. "_" .. name):upper():gsub("[^%w]", "_")
end

---The variable for a secret handle of the caller's own: that which it was taken from.
local function variable_of(handle)
  local label = tostring(handle)
  return label:find("^[%a_][%w_]*$") and label or "SECRET"
end

local function add(words, option, value)
  words[#words + 1] = option .. " " .. value
end

local function header(name, value)
  if secret.is(value) then
    return ('"%s: $%s"'):format(name, variable_of(value))
  end
  return quote(name .. ": " .. tostring(value))
end

local adders = {}

function adders.query(words, opened, auth, request)
  local has_own = not request.write and auth.read_secret
    and opened.settings[auth.read_secret.setting] ~= nil
  local which = has_own and auth.read_secret or auth.secret
  local name = variable(opened.service, which.setting)
  add(words, "--url-query", ('"%s=$%s"'):format(auth.name, name))
end

function adders.basic(words, opened, auth)
  local user = auth.user.setting and opened.settings[auth.user.setting] or auth.user
  add(words, "--user", ('"%s:$%s"'):format(escaped(user),
    variable(opened.service, auth.secret.setting)))
end

function adders.header(words, opened, auth)
  add(words, "-H", ('"%s: %s$%s"'):format(auth.name, auth.prefix or "",
    variable(opened.service, auth.secret.setting)))
end

-- sed finds the value of a name in JSON; of a path such as "memberships.1.id" that of the first
-- object of the list, where no object comes before it.
local function take(path)
  local list, name = path:match("^(.-)%.1%.([^.]+)$")
  if list then
    return ([[.*"%s" *: *\[ *{[^{}]*"%s" *: *"\{0,1\}\([^",}]*\).*]]):format(list, name)
  end
  return ([[.*"%s" *: *"\([^"]*\)".*]]):format(path:match("[^.]+$"))
end

local function from_session(path)
  return ([[$(printf %%s "$SESSION" | sed -n 's/%s/\1/p')]]):format(take(path))
end

---The header's value within double quotes.
local function session_value(opened, pair)
  local name = pair[2] and pair[2].setting
  if name and secret.is(opened.settings[name]) then
    return "$" .. variable(opened.service, name)
  elseif name and opened.settings[name] ~= nil then
    return escaped(opened.settings[name])
  end
  return from_session(pair.from)
end

function adders.session(words, opened, auth)
  add(words, "-H", '"Authorization: Bearer ' .. from_session(auth.token) .. '"')
  for _, pair in ipairs(auth.headers or {}) do
    add(words, "-H", ('"%s: %s"'):format(pair[1], session_value(opened, pair)))
  end
end

---The login that a session's call needs before it.
local function login(opened, auth)
  local user = json.encode(opened.settings[auth.username.setting])
  local body = quote('{"username":' .. user .. ',"password":"')
  local words = { "curl -sS --globoff" }
  add(words, "-H", "'Content-Type: application/json'")
  add(words, "--data-raw", ([[%s"$%s"'"}']]):format(body,
    variable(opened.service, auth.password.setting)))
  words[#words + 1] = quote(opened.url .. auth.path)
  return "SESSION=$(" .. table.concat(words, " \\\n  ") .. ")\n"
end

local METHODS = { GET = {}, HEAD = { "--head" } }

local function add_headers(words, request)
  local has_type = false
  for _, pair in ipairs(request.headers or {}) do
    add(words, "-H", header(pair[1], pair[2]))
    has_type = has_type or pair[1]:lower() == "content-type"
  end
  if request.body and not has_type then
    add(words, "-H", "'Content-Type:'") -- curl would send that of a form
  end
end

local function add_body(words, request)
  if request.body then
    add(words, "--data-raw", quote(request.body))
  end
end

local function add_account(words, opened, request)
  local auth = opened.service.account.auth
  if opened.settings.ca_file then
    add(words, "--cacert", quote(opened.settings.ca_file))
  end
  if opened.settings.proxy then
    add(words, "--proxy", quote(opened.settings.proxy))
  end
  if adders[auth and auth.kind] then
    adders[auth.kind](words, opened, auth, request)
  end
end

local function encoded(value)
  return (pathname.text(value):gsub("[^%w%-._~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function address(request, base)
  local mark = base:find("?", 1, true) and "&" or "?"
  for _, pair in ipairs(request.query or {}) do
    base, mark = base .. mark .. encoded(pair[1]) .. "=" .. encoded(pair[2]), "&"
  end
  return base
end

---@param request siterun.Request
---@return string command ends in a newline
function M.command(request)
  local opened = request.account and account.of(request.account)
  local words = { "curl -sS --globoff", table.unpack(METHODS[request.method]
    or { "-X " .. quote(request.method) }) }
  local first = ""
  if opened then
    local auth = opened.service.account.auth
    first = auth and auth.kind == "session" and login(opened, auth) or ""
    add_account(words, opened, request)
  end
  add_headers(words, request)
  add_body(words, request)
  local base = opened and opened.url .. request.path or request.url
  words[#words + 1] = quote(address(request, base))
  return first .. table.concat(words, " \\\n  ") .. "\n"
end

return M
