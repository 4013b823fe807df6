---Clients of the three services that talk to a listener of the scripted peer.
local M = {}

M.user = { id = "u-1", name = "Jason Doe", email = "jason.doe@example.com" }

---The answer to a login.
M.session = {
  on = "POST /v3/sessions", status = 201,
  json = {
    tws_token = { tws_token_data = "TOKEN-1", tws_token_expires_at = "2099-01-01T00:00:00Z" },
    tws_memberships = { { id = "M-1" }, { id = "M-2" } },
  },
}

local function connect(name, settings, more)
  for key, value in pairs(more or {}) do settings[key] = value end
  return require(name).connect(settings)
end

---@param listener tests.Listener
---@param more? table further options of connect
function M.teleporte(listener, more)
  return connect("teleporte", { url = listener.url .. "/v3/", org_token = "ORG-TOKEN",
    username = "admin@example.com", password = "PASSWORD" }, more)
end

---Created tickets carry no mark: it differs from run to run.
---@param listener tests.Listener
---@param more? table
function M.ticketing(listener, more)
  return connect("ticketing", { url = listener.url .. "/v1", key = "PRIMARY", user = M.user,
    limit = "1000/1s", reference = false }, more)
end

---@param listener tests.Listener
---@param more? table
function M.teamworklive(listener, more)
  return connect("teamworklive", { url = listener.url, email = "ana@example.com",
    api_key = "API-KEY", limit = "1000/1s" }, more)
end

return M
