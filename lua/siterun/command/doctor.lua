---`siterun doctor`: what is wrong with the configuration, the state and, if told, the services.
local cli = require("c.cli")
local commandline = require("siterun.commandline")
local display = require("c.display")
local configuration = require("siterun.doctor.configuration")
local findings = require("siterun.doctor.findings")
local json = require("c.json")
local secret = require("c.secret")
local services = require("siterun.doctor.services")
local settings = require("siterun.settings")
local show = require("siterun.doctor.show")
local state = require("siterun.doctor.state")

local SPEC = {
  name = "doctor",
  forms = { { "[--online] [--json]" } },
  text = [[
Shows where each setting comes from (secrets are never shown), checks the configuration, the
modes of files, the state folder, the journal and the limits, and says of each thing that is
wrong where it is and what to do. A broken configuration does not stop it. Secrets are fetched
as for a run. Nothing is sent without --online.]],
  options = {
    { name = "online", text = "ask each configured service too, with one read within its "
      .. "limit: credentials, permissions, clock" },
    { name = "json", text = "one object, for other programs" },
  },
  more = [[
Exit code 0 when nothing is wrong (warnings do not count), 3 when configuration, credentials
or state are, 4 when a service refused, 5 when it failed or the network did, 7 when only the
outcome of a write is unknown.]],
}

---The limits of whoever can be used; where nothing was kept yet there is nothing to show.
local function limits_of(found, list, kept)
  local rows = {}
  if not kept then
    return rows
  end
  for _, service in ipairs(list) do
    local row = service.is_usable and services.limits(found, service)
    if row then
      row.service = service.name
      rows[#rows + 1] = row
    end
  end
  return rows
end

---@async
local function ask(found, list)
  local answers = {}
  for _, service in ipairs(list) do
    if service.is_usable then
      answers[#answers + 1] = services.online(found, service.name)
    end
  end
  services.clock(found, answers)
  return answers
end

---@async
local function examine(found, is_online)
  local seen = { versions = cli.versions(), sandbox = settings.sandbox }
  local is_whole
  seen.configuration, is_whole = configuration.file(found)
  seen.services = configuration.services(found, is_whole)
  require("siterun.doctor.environment").examine(found)
  seen.state = state.examine(found, seen.services)
  local is_sound = settings.sandbox or seen.state.is_sound
  local kept = settings.sandbox or is_sound and seen.state.keeps_limits
  seen.limits = limits_of(found, seen.services, kept)
  if is_online and (is_sound or not seen.state.exists) then
    seen.online = ask(found, seen.services)
  end
  return seen
end

local function list_of(rows)
  return json.array({ table.unpack(rows or {}) })
end

local function json_text(seen, found)
  local versions = {}
  for _, version in ipairs(seen.versions) do
    versions[version.name] = version.text
  end
  for _, service in ipairs(seen.services) do
    service.settings = list_of(service.settings)
  end
  seen.state.interrupted = seen.state.interrupted and list_of(seen.state.interrupted)
  seen.versions, seen.services, seen.limits =
    versions, list_of(seen.services), list_of(seen.limits)
  seen.online = seen.online and list_of(seen.online)
  seen.findings, seen.code = list_of(found), found:code()
  return assert(json.encode(seen)) .. "\n"
end

---@return integer exit code
return commandline.command(SPEC, function(options, rest)
  if rest[1] then
    commandline.refuse("doctor takes no %q", rest[1])
  end
  local found = findings.new()
  local seen = examine(found, options.online)
  local text = secret.redact((options.json and json_text or show.text)(seen, found))
  io.stdout:write(options.json and text or display.clean(text, true))
  return found:code()
end)
