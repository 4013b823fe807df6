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

---What a client is called: by its global, if it has one.
local function name_of(wanted)
  for name, value in next, _G do
    if type(name) == "string" and name ~= "_" and rawequal(value, wanted) then
      return name
    end
  end
  return "a client of " .. origin.of(wanted).service.name
end

local function reconnect()
  local lines = {}
  for i, known in ipairs(origin.clients()) do
    local refusal = client.reconnect(known)
    lines[i] = refusal and ("siterun: %s: %s\n"):format(name_of(known), tostring(refusal))
      or ("%s is connected anew\n"):format(name_of(known))
  end
  table.sort(lines)
  io.stderr:write(table.concat(lines))
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
  text = "lists the profiles, or goes over to one: every client is connected anew",
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
