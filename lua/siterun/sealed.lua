-- The secrets of the three services: key of the setting -> the variable that may hold it. They
-- leave the environment before any user code runs, when no declaration has been loaded yet; a
-- test compares this list with the declarations.
local secret = require "c.secret"

local M = {}

M.services = {
  teleporte = { org_token = "TELEPORTE_ORG_TOKEN", password = "TELEPORTE_PASSWORD" },
  ticketing = { key = "TICKETING_KEY", read_key = "TICKETING_READ_KEY" },
  teamworklive = { api_key = "TEAMWORKLIVE_API_KEY" },
}

---Takes these secrets out of the environment, so that neither recipes nor child processes see
---them. A value that is no good is reported when it is needed.
function M.take()
  for _, variables in pairs(M.services) do
    for _, name in pairs(variables) do secret.env(name) end
  end
end

return M
