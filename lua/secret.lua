-- Secrets for recipes that connect with credentials of their own: handles that a client takes
-- and nothing can read.
local secret = require "c.secret"
local errors = require "siterun.errors"

local M = {}

---@class Secret a secret's handle; tostring names its source

local function given(handle, failure)
  if failure then errors.raise(errors.from(failure)) end
  return handle
end

---Takes a secret out of the environment: the variable is gone afterwards, for child processes
---too. Later calls give the same secret. Raises an error of kind "config" when it is not set.
---@param name string
---@return Secret
function M.env(name)
  local handle = given(secret.env(name))
  if not handle then errors.raise { kind = "config", message = name .. " is not set" } end
  return handle
end

---Reads a secret from a file that only its owner may read (mode 0600 or 0400).
---@param path string
---@return Secret
function M.file(path)
  return given(secret.file(path))
end

---Takes what a command prints, without a shell; it may take 30 seconds.
---@param argv string[] program and arguments
---@return Secret
function M.command(argv)
  return given(secret.command(argv))
end

return M
