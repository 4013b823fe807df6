-- What `secret.env`, `secret.file` and `secret.command` give inside the configuration file: a
-- note of where the secret is, so that what is not used runs no command and needs no file.
local base = require "siterun.base"
local secret = require "c.secret"

local M = {}

local Source = {}
Source.__index = Source
Source.__name = "secret"

local function note(kind, from, folder)
  return setmetatable({ kind = kind, from = from, folder = folder }, Source)
end

-- Errors are the file's, not those of the functions that it calls.
local function check_text(what, value, level)
  if type(value) ~= "string" or value == "" then error(what, level or 3) end
end

-- A path in the file means the same whatever folder siterun is started in.
local function absolute(path, folder)
  local home = path:sub(1, 2) == "~/" and base.home()
  if home then return home .. path:sub(2) end
  return path:sub(1, 1) == "/" and path or folder .. "/" .. path
end

local function check_command(argv)
  local what = "secret.command wants a list of strings: { \"program\", \"argument\" }"
  if type(argv) ~= "table" then error(what, 3) end
  for key, word in next, argv do
    if math.type(key) ~= "integer" or type(word) ~= "string" then error(what, 3) end
  end
  check_text(what, argv[1], 4)
end

---The table that the configuration file sees as `secret`. Strings have no methods while it runs.
---@param folder string the file's folder
---@return table
function M.library(folder)
  return {
    env = function(name)
      check_text("secret.env wants the name of a variable", name)
      secret.env(name)
      return note("env", name)
    end,
    file = function(path)
      check_text("secret.file wants a path", path)
      return note("file", path, folder)
    end,
    command = function(argv)
      check_command(argv)
      return note("command", argv)
    end,
  }
end

---@param value any
---@return boolean
function M.is(value)
  return getmetatable(value) == Source
end

---Fetches the secret, once.
---@param source table
---@return Secret? handle
---@return string? why
function M.fetch(source)
  if source.handle then return source.handle end
  local from = source.folder and absolute(source.from, source.folder) or source.from
  local handle, failure = secret[source.kind](from)
  if failure then return nil, failure.message end
  if not handle then return nil, from .. " is not set" end
  source.handle = handle
  return handle
end

return M
