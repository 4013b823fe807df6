---The modules that a session has as globals, each loaded when it is first named.
local M = {}

M.NAMES = {
  "http", "journal", "json", "secret", "task", "teamworklive", "teleporte", "ticketing",
}

---@type table<string, true>
M.known = {}
for _, name in ipairs(M.NAMES) do
  M.known[name] = true
end

return M
