-- Secrets that stand in a call of connect as text. They are hidden whatever becomes of the call: a session
-- tells its errors, and keeps what was typed.
local nearest = require "siterun.nearest"
local secret = require "c.secret"

local M = {
  kept = {}, ---@type table<integer, any> a secret is hidden as long as its handle lives
}

local KEPT = 16
local last = 0

local function meant(declared, name)
  local near = type(name) == "string" and nearest.find(name, nearest.keys(declared))
  return declared[name] or declared[near]
end

---@param declared table<string, siterun.Setting> by name
---@param options table
function M.hide(declared, options)
  for name, raw in pairs(options) do
    local setting = type(raw) == "string" and meant(declared, name)
    if setting and setting.type == "secret" then
      last = last % KEPT + 1
      M.kept[last] = secret.new(raw, "option " .. setting.name)
    end
  end
end

return M
