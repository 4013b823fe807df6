---The credentials of the simulated accounts, and the variables that carry them.
local M = {}

---@class sandbox.Account
---@field basic string the Authorization header of TeamWork Live

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for place = 3, 0, -1 do
      local at = (bits >> place * 6 & 63) + 1
      out[#out + 1] = BASE64:sub(at, at)
    end
    if not c then
      out[#out] = "="
    end
    if not b then
      out[#out - 1] = "="
    end
  end
  return table.concat(out)
end

---@param r sandbox.Random
---@return sandbox.Account
function M.new(r)
  local account = {
    username = "admin@sandbox.example", password = "sandbox-password-" .. r:hex(16),
    org_token = "sandbox-org-" .. r:hex(32),
    key = "sandbox-primary-" .. r:hex(32), read_key = "sandbox-secondary-" .. r:hex(32),
    user = { id = r:uuid(), name = "Sandbox Dispatcher", email = "dispatcher@sandbox.example" },
    email = "office@sandbox.example", api_key = "sandbox-apikey-" .. r:hex(32),
    memberships = {
      { id = r:uuid():sub(1, 18), role = "administrator", organization = "Sandbox Towers" },
      { id = r:uuid():sub(1, 18), role = "administrator", organization = "Sandbox Depots" },
    },
  }
  account.basic = "Basic " .. base64(account.email .. ":" .. account.api_key)
  return account
end

---@param account sandbox.Account
---@param port integer
---@return string[][] names and values of the variables that reach the sandbox
function M.variables(account, port)
  local base = ("http://127.0.0.1:%d"):format(port)
  return {
    { "TELEPORTE_URL", base .. "/teleporte/v3" },
    { "TELEPORTE_ORG_TOKEN", account.org_token },
    { "TELEPORTE_USERNAME", account.username },
    { "TELEPORTE_PASSWORD", account.password },
    { "TICKETING_URL", base .. "/ticketing/v1" },
    { "TICKETING_KEY", account.key },
    { "TICKETING_READ_KEY", account.read_key },
    { "TICKETING_USER_ID", account.user.id },
    { "TICKETING_USER_NAME", account.user.name },
    { "TICKETING_USER_EMAIL", account.user.email },
    { "TEAMWORKLIVE_URL", base .. "/teamworklive" },
    { "TEAMWORKLIVE_EMAIL", account.email },
    { "TEAMWORKLIVE_API_KEY", account.api_key },
  }
end

return M
