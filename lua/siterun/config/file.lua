-- The configuration file: finds it, runs it with nothing but `secret`, checks what it returns.
local base = require "siterun.base"
local errors = require "siterun.errors"
local file = require "c.file"
local nearest = require "siterun.nearest"
local sealed = require "siterun.sealed"
local secret = require "c.secret"
local settings = require "siterun.settings"
local source = require "siterun.config.source"

local M = {}

-- Profile -> is it marked as production?
local marks = setmetatable({}, { __mode = "k" })

-- Instructions; a file that computes for longer is not a configuration.
local STEPS = 1000000

local function fail(form, ...)
  errors.raise { kind = "config", message = form:format(...) }
end

---The path, if anything says where, and what names it unless it is the default.
---@return string? path
---@return string? named "--config" or the variable
function M.locate()
  if settings.config then return settings.config, "--config" end
  local named = base.variable("SITERUN_CONFIG")
  if named then return named, "SITERUN_CONFIG" end
  local folder = base.folder("XDG_CONFIG_HOME", ".config")
  return folder and folder .. "/siterun/config.lua"
end

---The profile, and what asked for it.
---@return string name
---@return string? named "--profile" or the variable
function M.profile_name()
  if settings.profile then return settings.profile, "--profile" end
  local name = base.variable("SITERUN_PROFILE")
  return name or "default", name and "SITERUN_PROFILE"
end

local locate, profile_name = M.locate, M.profile_name

-- Strings lose their methods meanwhile, which would be a library. No finaliser may run that
-- would miss them.
local function without_methods(run, argument)
  local strings, running = getmetatable(""), collectgarbage("isrunning")
  local methods = strings.__index
  collectgarbage("stop")
  strings.__index = nil
  local ok, result = run(argument)
  strings.__index = methods
  if running then collectgarbage("restart") end
  return ok, result
end

local function give_up()
  error("the configuration file runs for too long", 0)
end

-- Lua's own messages name the file and line, except for a file that is not text. They may quote
-- the place, and with it a secret.
local function fail_in(path, message)
  if type(message) ~= "string" then fail("%s failed", path) end
  message = message:gsub(" near .*$", ""):gsub(" %(constant .*$", "")
  fail("%s", message:find(path, 1, true) and message or path .. ": " .. message)
end

local function run(path, text)
  local library = source.library(path:match("^(.*)/") or ".")
  local chunk, message = load(text, "@" .. path, "t", { secret = library })
  if not chunk then fail_in(path, message) end
  local thread = coroutine.create(chunk)
  debug.sethook(thread, give_up, "", STEPS)
  local ok, result = without_methods(coroutine.resume, thread)
  if not ok then fail_in(path, result) end
  return result
end

local function check_table(path, where, value)
  if type(value) ~= "table" or source.is(value) then
    fail("%s: %s must be a table, not a %s", path, where, type(value))
  end
end

local function check_section_name(path, where, name)
  if name == "services" or sealed.services[name] then return end
  local known = nearest.keys(sealed.services)
  local list = table.concat(known, ", ")
  known[#known + 1] = "services"
  known[#known + 1] = "production"
  fail("%s: unknown section %s.%s%s; there are %s, and services = { ... } for your own", path,
    where, tostring(name), nearest.hint(name, known), list)
end

-- A mark of the profile itself, and no section.
local function take_mark(path, where, profile)
  local mark = profile.production
  if mark ~= nil and type(mark) ~= "boolean" then
    fail("%s: %s.production must be true or false, not a %s", path, where, type(mark))
  end
  profile.production = nil
  return mark or false
end

local function check_sections(path, where, profile)
  for name, section in pairs(profile) do
    check_section_name(path, where, name)
    check_table(path, where .. "." .. name, section)
  end
  for name, section in pairs(profile.services or {}) do
    check_table(path, string.format("%s.services.%s", where, name), section)
  end
end

---The handle for a secret written in the file, which must be its owner's alone then.
---@param path string
---@param place string "default.ticketing.key"
---@param shared boolean can others read the file?
---@param value string
---@return Secret
function M.literal(path, place, shared, value)
  local handle, failure = secret.new(value, path .. ": " .. place)
  if not handle then fail("%s", failure.message) end
  if shared then
    fail("%s: %s is a secret in a file that others can read: run chmod 600 %s", path, place,
      path)
  end
  return handle
end

-- At once, also in profiles that are not used: from here on these values are hidden.
local function take_literals(path, where, shared, profile)
  for service, keys in pairs(sealed.services) do
    local section = profile[service] or {}
    for key in pairs(keys) do
      if type(section[key]) == "string" then
        local place = string.format("%s.%s.%s", where, service, key)
        section[key] = M.literal(path, place, shared, section[key])
      end
    end
  end
end

local function check(path, shared, profiles)
  if type(profiles) ~= "table" or source.is(profiles) then
    fail("%s must return a table of profiles: return { default = { ... } }", path)
  end
  for name, profile in pairs(profiles) do
    if type(name) ~= "string" then
      fail("%s: a profile has a name: return { default = { ... } }", path)
    end
    check_table(path, name, profile)
    marks[profile] = take_mark(path, name, profile)
    check_sections(path, name, profile)
    take_literals(path, name, shared, profile)
  end
  return profiles
end

local function choose(path, profiles)
  local name, asked = profile_name()
  if profiles[name] or not asked then return profiles[name] or {} end
  local known = nearest.keys(profiles)
  fail("%s: no profile %q%s; there are %s", path, name, nearest.hint(name, known),
    table.concat(known, ", "))
end

local function without_file(path, named)
  local profile, asked = profile_name()
  if named then fail("%s names %s, which does not exist", named, path) end
  if asked then fail("profile %q: there is no configuration file %s", profile, path or "") end
  return { path = path, profile = profile, sections = {} }
end

local function run_text(path, text, shared)
  return check(path, shared, run(path, (text:gsub("^\xEF\xBB\xBF", ""))))
end

local function read()
  local path, named = locate()
  if not path then return without_file() end
  local text, shared = file.read(path)
  if not text then
    if shared.kind ~= "not_found" then fail("%s", shared.message) end
    return without_file(path, named)
  end
  local profiles = run_text(path, text, shared)
  local sections = choose(path, profiles)
  return { path = path, profile = profile_name(), shared = shared, sections = sections,
    profiles = nearest.keys(profiles), production = marks[sections] }
end

---@class siterun.ConfigFile
---@field path? string nil when nothing says where the file would be
---@field profile string
---@field shared? boolean can others read it?
---@field sections table<string, table> of the profile; empty without a file
---@field production? boolean is the profile marked so?
---@field profiles? string[] names of all; nil without a file

local loaded

---Goes on as without a file, for who has told what is wrong with it.
function M.leave_out()
  loaded = { path = locate(), profile = profile_name(), sections = {} }
end

---Reads the file, once. Raises an error of kind "config" that names the file and what is wrong.
---@return siterun.ConfigFile
function M.load()
  loaded = loaded or read()
  return loaded
end

---The names of the profiles in the file. Raises as M.load does.
---@return string[]
function M.profiles()
  return M.load().profiles or {}
end

---The profiles of a file that has not the one which nobody asked for, `default`.
---@return string[]?
function M.without_default()
  local file_read = M.load()
  local names = file_read.profiles or {}
  for _, name in ipairs(names) do
    if name == file_read.profile then return nil end
  end
  return names[1] and names
end

---Lets the file be read again: for another profile.
function M.forget()
  loaded = nil
end

return M
