-- Opens the accounts of services. Clients of one account share its limit and its session.
local account = require "c.account"
local config = require "siterun.config"
local equal = require "siterun.equal"
local errors = require "siterun.errors"

local M = {}

---@class siterun.OpenAccount
---@field handle userdata
---@field url string base address without a slash at its end
---@field spec table
---@field service siterun.Service that opened it first
---@field settings table

---@type siterun.OpenAccount[]
local open = {}

---Replaces each { setting = "name" } below `value` by that setting's value.
local function fill(value, settings)
  if type(value) ~= "table" then return value end
  if value.setting then return settings[value.setting] end
  local out = {}
  for key, inner in pairs(value) do out[key] = fill(inner, settings) end
  return out
end

---A header that a setting fixes is not taken from the session's answer.
local function fix_headers(auth)
  for _, header in ipairs(auth.headers or {}) do
    if header[2] ~= nil then header.from = nil end
  end
  return auth
end

local function address(from, settings)
  local url = settings[from.setting] or from.values[settings[from.region]]
  return (url:gsub("/+$", ""))
end

-- Where processes share limits and sessions; without a HOME each has its own.
local function state_folder()
  return config.has_state() and config.state_dir() or nil
end

---@param service siterun.Service
---@param settings table as of siterun.config
---@return siterun.OpenAccount
function M.open(service, settings)
  local from = service.account
  local spec = {
    service = service.name, url = address(from.url, settings),
    limit = fill(from.limit, settings),
    auth = fix_headers(fill(from.auth or { kind = "none" }, settings)),
    proxy = settings.proxy, ca_file = settings.ca_file, state = state_folder(),
    refuses_by_503 = from.refuses_by_503, retry_after_max = settings.retry_after_max,
  }
  for _, known in ipairs(open) do
    if equal.deep(known.spec, spec) then return known end
  end
  local handle, raw = account.new(spec)
  if not handle then errors.raise(errors.from(raw, { service = service.name })) end
  open[#open + 1] = {
    handle = handle, url = spec.url, spec = spec, service = service, settings = settings,
  }
  return open[#open]
end

---What an account was opened with.
---@param handle userdata
---@return siterun.OpenAccount?
function M.of(handle)
  for _, known in ipairs(open) do
    if rawequal(known.handle, handle) then return known end
  end
end

return M
