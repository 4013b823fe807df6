---The modules that a session has as globals, each loaded when it is first named.
local M = {}

M.NAMES = {
  "help", "http", "journal", "json", "secret", "task", "teamworklive", "teleporte", "ticketing",
}

---@type table<string, true>
M.known = {}
for _, name in ipairs(M.NAMES) do
  M.known[name] = true
end

---Makes them globals.
function M.provide()
  local meta = getmetatable(_G) or {}
  meta.__index = function(globals, name)
    if M.known[name] then
      local module = require(name)
      rawset(globals, name, module)
      return module
    end
  end
  setmetatable(_G, meta)
end

return M
