-- Declares a service: data in, a module with `connect` out.
local declaration = require "siterun.declaration"
local origin = require "siterun.origin"

local M = {}

---@class service.Module
---@field connect fun(options?: table): siterun.Client
---@field declaration siterun.Service

---Makes a module out of a declaration. A mistake in the declaration raises and says where it
---is.
---@param data table a service as data (see siterun.declaration)
---@return service.Module
function M.declare(data)
  local service = declaration.read(data)
  local module = { declaration = service }

  ---Connects with the configured account. Nothing is sent yet.
  ---@param options? table settings that override the configured ones
  ---@return siterun.Client
  function module.connect(options)
    return require("siterun.client").connect(service, options)
  end

  origin.note(module.connect, { service = service, connect = true })
  return module
end

return M
