-- siterun doctor: variables that siterun does not follow, or does not know.
local base = require "siterun.base"
local config = require "siterun.config"
local distance = require("c.nearest").distance
local nearest = require "siterun.nearest"
local process = require "c.process"
local services = require "siterun.services"

local M = {}

local PROXIES = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }

local function known_names()
  local known = {}
  for _, variable in ipairs(require("siterun.variables")) do known[variable.name] = true end
  for _, service in ipairs(services.declarations()) do
    for _, setting in ipairs((config.collect(service.settings))) do
      if setting.env then known[setting.env] = true end
    end
  end
  return known
end

-- Letters. Scripts around siterun have variables of their own that begin with its name.
local SLIPS_MAX = 2

-- Other programs' names are theirs.
local function is_meant_for_us(name, known_list)
  local start = name:match "^(%a+)_%w"
  if start == "SITERUN" then
    return distance(name, nearest.find(name, known_list) or "") <= SLIPS_MAX
  end
  return start and nearest.find(start, services.NAMES) ~= nil
end

-- A misspelt name has no effect, and nothing else would tell.
local function check_names(found)
  local known, names = known_names(), process.variables()
  local known_list = nearest.keys(known)
  table.sort(names)
  for _, name in ipairs(names) do
    if not known[name] and is_meant_for_us(name, known_list) then
      found:warn(name, "is no variable that siterun knows" .. nearest.hint(name, known_list),
        "correct its name, or take it away if it is for siterun")
    end
  end
end

---What the environment says that siterun does not follow, or that is for its makers.
---@param found siterun.Findings
function M.examine(found)
  for _, name in ipairs(PROXIES) do
    if base.variable(name) then
      found:warn(name, "is set, and siterun does not follow it",
        "where a proxy is needed, give `proxy` in the service's section of the configuration")
    end
  end
  if base.variable("SITERUN_LUA") then
    found:warn("SITERUN_LUA", "modules are read from a folder instead of the program",
      "unset it, unless you work on siterun")
  end
  check_names(found)
end

return M
