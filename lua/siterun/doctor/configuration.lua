-- siterun doctor: where each setting comes from, and what is wrong with it.
local config = require "siterun.config"
local config_file = require "siterun.config.file"
local duration = require "siterun.duration"
local file = require "c.file"
local layer = require "siterun.config.layer"
local services = require "siterun.services"
local secret = require "c.secret"
local settings = require "siterun.settings"
local source = require "siterun.config.source"
local value = require "siterun.config.value"

local M = {}

---@class siterun.ShownSetting
---@field name string
---@field value string "set" for a secret
---@field from string variable, file and key, or "default"

---@class siterun.ShownService
---@field name string
---@field is_configured boolean
---@field is_usable boolean nothing is wrong with its settings
---@field settings siterun.ShownSetting[]
---@field limit? {count: integer, window: number}

local function check_mode(found, path)
  local about = file.about(path)
  if not about then return nil end
  if about.kind ~= "file" then return about.mode end
  if about.mode & 18 ~= 0 then -- 022
    found:problem(path, "others can change the configuration file",
      "run chmod 600 " .. path)
  elseif not about.is_ours then
    found:problem(path, "the configuration file belongs to another user",
      "make it yours: chown, and chmod 600 " .. path)
  end
  return about.mode
end

---@param found siterun.Findings
---@return table shown path, named, mode, profile, profile_named
---@return boolean is_whole can its profile be used?
function M.file(found)
  local path, named = config_file.locate()
  local profile, asked = config_file.profile_name()
  local shown = { path = path, named = named, profile = profile, profile_named = asked }
  if settings.sandbox then return shown, true end
  shown.mode = path and check_mode(found, path)
  local ok, failure = pcall(config.load)
  if not ok then
    found:failure(path or "SITERUN_CONFIG", failure, "correct the configuration file")
    config_file.leave_out()
  end
  return shown, ok
end

local function get(from, setting)
  local ok, raw, failure = pcall(from.get, setting)
  if not ok then return nil, raw end
  return raw, failure
end

local function note(from, setting, raw)
  local place = from.place(setting)
  if place == "default of " .. setting.name then return "default" end
  return source.is(raw) and ("%s (secret.%s)"):format(place, raw.kind) or place
end

local function shown_value(setting, raw)
  if setting.type == "secret" then return "set" end
  if setting.type == "proxy" then return (tostring(raw):gsub("^.*@", "***@")) end
  return (tostring(raw):gsub("://[^/]*@", "://***@"))
end

local ADVICE = {
  secret = "give the secret anew, or correct where it is fetched from",
  limit = "write it as COUNT/DURATION, such as 100/60s",
  url = "give the address that the service's settings show",
}

-- Takes the strongest layer that has the setting; `place` is nil where none has it.
local function read(found, shown, setting, layers)
  for _, from in ipairs(layers) do
    local raw, failure = get(from, setting)
    local place = (failure or raw ~= nil) and from.place(setting)
    if failure then
      found:failure(place, failure, ADVICE[setting.type])
      return nil, place
    end
    if raw ~= nil then
      local taken, why = value.read(setting, raw, place)
      if taken == nil then
        found:problem(place, why, ADVICE[setting.type] or "correct " .. place)
        return nil, place
      end
      table.insert(shown.settings, { name = setting.name, value = shown_value(setting, raw),
        from = note(from, setting, raw) })
      return taken, place
    end
  end
end

-- More than the service is known to allow earns refusals.
local function check_limit(found, setting, limit, place)
  local allowed = setting.default and duration.limit(setting.default)
  if allowed and limit.count / limit.window > allowed.count / allowed.window * 1.001 then
    found:warn(place, "the limit is higher than what the service allows, " .. setting.default,
      "lower it, unless the service allows you more")
  end
end

-- Calls fail without it, with words of the TLS library.
local function check_readable(found, path, place)
  local opened, failure = io.open(path, "rb")
  local readable = opened and opened:read(1)
  if opened then opened:close() end
  if not readable then
    found:problem(place, failure or path .. " is no file with anything in it",
      "give the path of a PEM file, below / so that it is the same wherever siterun is started")
  end
end

local CHECKS = { limit = check_limit, ca_file = function(found, _, path, place)
  check_readable(found, path, place)
end }

-- A password may be such; a key hardly is.
local function check_copied(found, setting, taken, place)
  if setting.type == "secret" and secret.is_copied(taken) then
    found:warn(place, "the secret begins or ends with a blank, a quotation mark or a byte "
      .. "order mark", "give it without, unless that belongs to it")
  end
end

local function layers_of(found, service, declared)
  local ok, layers = pcall(layer.list, service.name, service.settings, declared, {})
  if ok then return layers, true end
  found:failure("section " .. service.name, layers, "correct the section")
  return layer.without_file(), false
end

-- An address and a region may name two places.
local function check_double(found, service, places)
  for _, setting in ipairs(service.settings) do
    local place, other = places[setting.name], places[setting.instead]
    if place and other then
      found:warn(place, "is given beside " .. other .. ": only one of the two is used",
        "take away the one that is not meant")
    end
  end
end

-- What is missing beside what is wrong: `places` are of those that are given.
local function check_missing(found, service, places)
  for _, setting in ipairs(service.settings) do
    places[setting.instead or ""] = places[setting.instead or ""] or places[setting.name]
  end
  for _, setting in ipairs(service.settings) do
    if setting.required and not places[setting.name] then
      found:problem(service.name, ("%s is not set: %s"):format(setting.env, setting.text),
        "set it, or its key in the service's section of the configuration")
    end
  end
end

-- What is missing, or given by half.
local function check_whole(found, service)
  local ok, failure = pcall(config.service, service.name, service.settings)
  if not ok then found:failure(service.name, failure) end
end

local function is_meant(service)
  local ok, answer = pcall(config.is_configured, service.name, service.settings)
  return not ok or answer
end

---@param found siterun.Findings
---@param name string
---@param is_whole boolean could the configuration file be read?
---@return siterun.ShownService
function M.service(found, name, is_whole)
  local service, first = services.declaration(name), #found + 1
  local all, declared = config.collect(service.settings)
  local shown = { name = name, settings = {} }
  local layers, has_section = layers_of(found, service, declared)
  local places = {}
  for _, setting in ipairs(all) do
    local taken, place = read(found, shown, setting, layers)
    places[setting.name] = place
    if setting.name == "limit" then shown.limit = taken end
    local check = taken and CHECKS[setting.name]
    if check then check(found, setting, taken, place) end
    if taken then check_copied(found, setting, taken, place) end
  end
  check_double(found, service, places)
  local has_problem = found:has_problem(first)
  shown.is_configured = has_problem or is_meant(service)
  -- A section or file that can't be read may hold what is missing.
  if shown.is_configured and is_whole and has_section then
    (has_problem and check_missing or check_whole)(found, service, places)
  end
  shown.is_usable = shown.is_configured and is_whole and not found:has_problem(first)
  return shown
end

local function check_any(found)
  local others = not settings.sandbox and config_file.without_default()
  if others then
    return found:problem(config_file.load().path, ("there is no profile %q in it, and no other "
      .. "was asked for"):format(config_file.profile_name()), "choose one with --profile or "
      .. "SITERUN_PROFILE: " .. table.concat(others, ", "))
  end
  found:problem("configuration", "no service is configured",
    "set the environment or write the configuration file (man siterun names both), "
      .. "or try siterun --sandbox doctor")
end

---@param found siterun.Findings
---@param is_whole boolean could the configuration file be read?
---@return siterun.ShownService[]
function M.services(found, is_whole)
  local list, any = {}, false
  for i, name in ipairs(services.NAMES) do
    list[i] = M.service(found, name, is_whole)
    any = any or list[i].is_configured
  end
  if not any and is_whole then check_any(found) end
  return list
end

return M
