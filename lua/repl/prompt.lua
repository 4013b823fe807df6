---The prompt of a session: the profile in use or the sandbox, and a warning colour for production.
local color = require("view.color")
local production = require("siterun.production")
local settings = require("siterun.settings")

---A configuration that can't be read is told of where it is needed.
local function profile_in_use()
  local ok, name = pcall(production.profile)
  return ok and name or nil
end

local function asked_for()
  return settings.profile or os.getenv("SITERUN_PROFILE") or ""
end

---@return string text with colours where they are seen
return function()
  if settings.sandbox then
    return color.paint("sandbox", "sandbox") .. "> "
  end
  local name = profile_in_use()
  if name then
    return color.paint("production", name .. " production") .. "> "
  end
  return require("c.display").clean(asked_for()) .. "> "
end
