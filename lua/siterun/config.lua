-- Configuration: options of the call over the environment over the file over defaults.
local base = require "siterun.base"
local config_file = require "siterun.config.file"
local errors = require "siterun.errors"
local file = require "c.file"
local layer = require "siterun.config.layer"
local nearest = require "siterun.nearest"
local settings = require "siterun.settings"
local value = require "siterun.config.value"

local M = {}

---@class siterun.Setting
---@field name string key in the configuration file and in the options
---@field type string string, email, secret, url, proxy, limit, duration, enum, integer or boolean
---@field text string
---@field env? string variable
---@field required? boolean
---@field default? string
---@field values? string[] what an enum allows
---@field ends? string what an address must end in
---@field group? string settings of one group are given together or not at all
---@field instead? string name of the setting that this one stands in for

-- Every service has these. They have no variable: a proxy that the environment happens to
-- name is not followed.
local COMMON = {
  { name = "proxy", type = "proxy", text = "address of a proxy" },
  { name = "ca_file", type = "string", text = "PEM file of further authorities to trust" },
  { name = "retry_after_max", type = "duration",
    text = "the longest pause that the service may ask for (15m): past it a call fails" },
}

---Reads the configuration file, once. Raises an error of kind "config".
---@type fun(): table
M.load = config_file.load

local function fail(service, message, hint)
  errors.raise { kind = "config", service = service, message = message, hint = hint }
end

---The declared settings and the common ones: in order, and by name.
---@param declaration siterun.Setting[]
---@return siterun.Setting[] all
---@return table<string, siterun.Setting> declared
function M.collect(declaration)
  local all, declared = {}, {}
  for _, list in ipairs { declaration, COMMON } do
    for _, setting in ipairs(list) do
      assert(value.has_type(setting), "setting with an unknown type")
      all[#all + 1] = setting
      declared[setting.name] = setting
    end
  end
  return all, declared
end

local collect = M.collect

local function check_options(service, declared, options)
  if type(options) ~= "table" then
    fail(service, string.format("%s.connect wants a table, not a %s", service, type(options)))
  end
  require("siterun.config.given").hide(declared, options)
  for name in pairs(options) do
    if not declared[name] then
      local hint = nearest.hint(name, nearest.keys(declared))
      local form = "unknown option %q of %s.connect%s"
      fail(service, form:format(tostring(name), service, hint))
    end
  end
end

-- Finds the strongest layer that has the setting: its value, and the number of the layer.
local function find(service, setting, layers)
  for strength, from in ipairs(layers) do
    local raw, failure = from.get(setting)
    if failure then fail(service, failure.message) end
    if raw ~= nil then
      local found, why = value.read(setting, raw, from.place(setting))
      if found == nil then fail(service, why) end
      return found, strength
    end
  end
end

-- A group comes from one layer, the strongest that has any of it: half of one person and half
-- of another would be neither.
local function settle_groups(all, found, strengths)
  local strongest = {}
  for _, setting in ipairs(all) do
    local strength, group = strengths[setting.name], setting.group
    if group and strength then
      strongest[group] = math.min(strength, strongest[group] or strength)
    end
  end
  for _, setting in ipairs(all) do
    local least = strongest[setting.group]
    if least and strengths[setting.name] ~= least then found[setting.name] = nil end
  end
end

-- Of a setting and its stand-in the one from the stronger layer counts; the setting at a tie.
local function settle_stand_ins(all, found, strengths)
  for _, setting in ipairs(all) do
    local other = setting.instead
    if other and found[other] ~= nil and found[setting.name] ~= nil then
      local weaker = strengths[setting.name] < strengths[other] and other or setting.name
      found[weaker] = nil
    end
  end
end

local function called(service, setting)
  return setting.env or service .. "." .. setting.name
end

local function stand_in(all, name)
  for _, setting in ipairs(all) do
    if setting.instead == name then return setting end
  end
end

local function advice(service)
  if settings.sandbox then
    return "the sandbox does not simulate this service: give its settings to connect"
  end
  local path, others = M.load().path, config_file.without_default()
  if others then
    local form = "%s has no profile %q: choose one with --profile: %s"
    return form:format(path, M.load().profile, table.concat(others, ", "))
  end
  local written = path and string.format(" or section %s of %s", service, path) or ""
  return string.format("set the environment%s, or run with --sandbox", written)
end

local function is_missing(setting, other, found)
  local given = found[setting.name] ~= nil or other and found[other.name] ~= nil
  return setting.required and not given
end

local function check_required(service, all, found)
  local names, text = {}, nil
  for _, setting in ipairs(all) do
    local other = stand_in(all, setting.name)
    if is_missing(setting, other, found) then
      local alternative = other and string.format(" (or %s)", called(service, other)) or ""
      names[#names + 1] = called(service, setting) .. alternative
      text = setting.text
    end
  end
  if #names == 1 then fail(service, names[1] .. " is not set: " .. text, advice(service)) end
  if #names > 1 then
    fail(service, table.concat(names, ", ") .. " are not set", advice(service))
  end
end

local function check_groups(service, all, found)
  local given, lacking = {}, {}
  for _, setting in ipairs(all) do
    if setting.group then
      local side = found[setting.name] ~= nil and given or lacking
      side[setting.group] = side[setting.group] or called(service, setting)
    end
  end
  for group, name in pairs(lacking) do
    if given[group] then
      local form = "%s is not set where %s is: they go together"
      fail(service, form:format(name, given[group]))
    end
  end
end

---The settings of one service, secrets as handles, limits as { count=, window= } with seconds.
---Raises an error of kind "config" that names the variable, the option, or the file and key.
---@param service string
---@param declaration siterun.Setting[]
---@param options? table settings that go before all others; secrets as strings or handles
---@return table<string, any>
function M.service(service, declaration, options)
  local all, declared = collect(declaration)
  options = options or {}
  check_options(service, declared, options)
  local layers = layer.list(service, declaration, declared, options)
  local found, strengths = {}, {}
  for _, setting in ipairs(all) do
    found[setting.name], strengths[setting.name] = find(service, setting, layers)
  end
  settle_groups(all, found, strengths)
  settle_stand_ins(all, found, strengths)
  check_required(service, all, found)
  check_groups(service, all, found)
  return found
end

---Does anything but a default say what the service cannot do without? Then it is meant to be
---used, though more may be missing.
---@param service string
---@param declaration siterun.Setting[]
---@return boolean
function M.is_configured(service, declaration)
  local all, declared = collect(declaration)
  local layers = layer.list(service, declaration, declared, {})
  for _, setting in ipairs(all) do
    local found, strength = find(service, setting, layers)
    local counts = setting.required or setting.instead
    if counts and found ~= nil and strength < #layers then return true end
  end
  return false
end

local function checked(path, failure)
  if not path then fail(nil, failure.message) end
  return path
end

---Where the state goes, made or not, and what says so; nil when nothing does. Raises an error of
---kind "config" when it is no folder.
---@return string? path
---@return string? named a variable
function M.state_path()
  local named = base.variable("SITERUN_STATE")
  local scheme = named and named:match("^%w+://")
  if scheme then
    fail(nil, "SITERUN_STATE: this version keeps its state in a folder, not in " .. scheme)
  end
  if named then return named, "SITERUN_STATE" end
  local folder = base.folder("XDG_STATE_HOME", ".local/state")
  if not folder then return nil end
  local is_usual = folder ~= base.variable("XDG_STATE_HOME")
  return folder .. "/siterun", is_usual and "HOME" or "XDG_STATE_HOME"
end

local state_path = M.state_path

---Is there a place for the state? It can be done without where it only saves work.
---@return boolean
function M.has_state()
  return settings.sandbox or state_path() ~= nil
end

-- Who can write there can change what the journal and the limits say. It is the user's to close:
-- a folder that others were meant to use, such as /tmp, must not be changed.
local function check_folder(path)
  local about, failure = file.about(path)
  if not about then fail(nil, failure.message) end
  if not about.is_ours then fail(nil, path .. ": the state folder belongs to another user") end
  if about.mode & 2 ~= 0 then
    fail(nil, path .. ": anybody can write to the state folder",
      string.format("run chmod 700 %s if it is siterun's alone, else set SITERUN_STATE", path))
  end
  return path
end

---The folder of the state outside of the sandbox, made (0700) when it is not there; nil when nothing
---says where it goes. It is what a person's own belongings go to.
---@return string?
function M.own_dir()
  local path = state_path()
  if not path then return nil end
  local made, failure = file.make_folder(path)
  if not made then
    fail(nil, failure.message, "set SITERUN_STATE to a folder that you may write to")
  end
  return check_folder(path)
end

local state

---The folder of the state, made (0700) when it is not there. With the sandbox it is a folder
---of this run that is removed at its end, so that nothing simulated mixes with what is real.
---@return string
function M.state_dir()
  if state then return state end
  if settings.sandbox then
    state = checked(file.temporary_folder())
  else
    state = M.own_dir()
      or fail(nil, "nothing says where the state goes: set SITERUN_STATE or HOME")
  end
  return state
end

return M
