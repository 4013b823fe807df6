-- Where a service's settings come from, the strongest first.
local base = require "siterun.base"
local config_file = require "siterun.config.file"
local errors = require "siterun.errors"
local nearest = require "siterun.nearest"
local sandbox = require "siterun.config.sandbox"
local sealed = require "siterun.sealed"
local secret = require "c.secret"
local settings = require "siterun.settings"

local M = {}

---@class siterun.Layer
---@field get fun(setting: siterun.Setting): any, table? what is written there; nil, failure
---@field place fun(setting: siterun.Setting): string how messages name it

local function option_layer(service, options)
  return {
    get = function(setting) return options[setting.name] end,
    place = function(setting)
      return string.format("option %q of %s.connect", setting.name, service)
    end,
  }
end

local function environment_layer()
  return {
    get = function(setting)
      if not setting.env then return nil end
      if setting.type == "secret" then return secret.env(setting.env) end
      return base.variable(setting.env)
    end,
    place = function(setting) return setting.env end,
  }
end

-- A limit is nobody's secret and says nothing of where to.
local function limit_layer()
  local environment = environment_layer()
  return {
    get = function(setting)
      if setting.type == "limit" then return environment.get(setting) end
    end,
    place = environment.place,
  }
end

-- Sections of services that a user declares stand apart, so that a misspelt name is noticed.
local function find_section(service, from)
  local where = sealed.services[service] and "" or "services."
  local sections = where == "" and from.sections or from.sections.services or {}
  return sections[service] or {}, string.format("%s.%s%s", from.profile, where, service)
end

local function check_keys(service, path, where, section, declared)
  local known = nearest.keys(declared)
  for key in pairs(section) do
    if not declared[key] then
      local form, hint = "%s: unknown key %s.%s%s", nearest.hint(key, known)
      local message = form:format(path, where, tostring(key), hint)
      errors.raise { kind = "config", service = service, message = message }
    end
  end
end

local function file_layer(service, declared)
  local from = config_file.load()
  local section, where = find_section(service, from)
  check_keys(service, from.path, where, section, declared)
  local function key(setting) return where .. "." .. setting.name end
  return {
    get = function(setting)
      local raw = section[setting.name]
      if setting.type == "secret" and type(raw) == "string" then
        raw = config_file.literal(from.path, key(setting), from.shared, raw)
        section[setting.name] = raw
      end
      return raw
    end,
    place = function(setting) return from.path .. ": " .. key(setting) end,
  }
end

local function default_layer()
  return {
    get = function(setting) return setting.default end,
    place = function(setting) return "default of " .. setting.name end,
  }
end

---What is left when a service's section can't be used.
---@return siterun.Layer[]
function M.without_file()
  return { environment_layer(), default_layer() }
end

local function is_simulated(declaration, values)
  for _, setting in ipairs(declaration) do
    if values[setting.env] then return true end
  end
  return false
end

-- Where to and as whom: what a recipe says of these is about the real service.
local REAL = { url = true, proxy = true, secret = true, string = true, email = true }

local function sandbox_layers(service, declaration, options)
  local values = sandbox.values()
  local chosen = option_layer(service, options)
  if is_simulated(declaration, values) then
    chosen.get = function(setting)
      if REAL[setting.type] or setting.instead then return nil end
      return options[setting.name]
    end
  end
  local exported = {
    get = function(setting) return values[setting.env] end,
    place = function(setting) return setting.env end,
  }
  return { chosen, exported, limit_layer(), default_layer() }
end

---@param service string
---@param declaration siterun.Setting[]
---@param declared table<string, siterun.Setting> the same by name, and what all services have
---@param options table
---@return siterun.Layer[]
function M.list(service, declaration, declared, options)
  if settings.sandbox then return sandbox_layers(service, declaration, options) end
  return {
    option_layer(service, options), environment_layer(), file_layer(service, declared),
    default_layer(),
  }
end

return M
