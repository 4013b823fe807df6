---`:profile`
local client = require("siterun.client")
local config_file = require("siterun.config.file")
local origin = require("siterun.origin")
local settings = require("siterun.settings")

local function list()
  local present = config_file.load().profile
  for _, name in ipairs(config_file.profiles()) do
    io.stdout:write(name == present and "* " or "  ", name, "\n")
  end
end

---Globals that are clients, by name.
local function clients()
  local found = {}
  for name, value in next, _G do
    local from = origin.of(value)
    if from and from.client then
      found[name] = from
    end
  end
  return found
end

---A client that can't be connected anew is taken away: it would go on with the other account.
local function reconnect()
  for name, from in pairs(clients()) do
    local ok, result = pcall(client.connect, from.service, from.options)
    rawset(_G, name, ok and result or nil)
    if ok then
      io.stderr:write(tostring(name), " is connected anew\n")
    else
      io.stderr:write("siterun: ", tostring(name), " is nil: ", tostring(result), "\n")
    end
  end
end

local function switch(name)
  local before = settings.profile
  settings.profile = name
  config_file.forget()
  local ok, e = pcall(config_file.load)
  if not ok then
    settings.profile = before
    config_file.forget()
    io.stderr:write("siterun: ", tostring(e), "\n")
    return
  end
  reconnect()
end

return {
  name = "profile",
  argument = "[NAME]",
  text = "lists the profiles, or goes over to one: clients that are globals are connected anew",
  words = function()
    local ok, names = pcall(config_file.profiles)
    return ok and names or {}
  end,
  run = function(_, name)
    if settings.sandbox then
      io.stderr:write("siterun: with --sandbox there are no profiles\n")
    elseif name == "" then
      list()
    else
      switch(name)
    end
  end,
}
