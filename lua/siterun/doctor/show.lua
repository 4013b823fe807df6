-- siterun doctor: what it saw, for people.
local M = {}

local function row(label, ...)
  local cells = { ... }
  return ("  %-12s  %s"):format(label, table.concat(cells, "  "))
end

local function mode_text(mode)
  return mode and ("(mode %04o)"):format(mode) or "(there is none)"
end

local function add_file(out, shown)
  local by = shown.named and "from " .. shown.named or "the usual place"
  out[#out + 1] = "configuration"
  out[#out + 1] = row("file", shown.path or "nothing says where", mode_text(shown.mode), by)
  out[#out + 1] = row("profile", shown.profile, shown.profile_named
    and "from " .. shown.profile_named or nil)
end

local function add_service(out, service)
  out[#out + 1] = service.name .. (service.is_configured and "" or ": not configured")
  local width = 0
  for _, setting in ipairs(service.settings) do
    width = math.max(width, math.min(#setting.value, 50))
  end
  for _, setting in ipairs(service.is_configured and service.settings or {}) do
    local value = setting.value .. (" "):rep(width - #setting.value)
    out[#out + 1] = row(setting.name, value, setting.from)
  end
end

local function size(bytes)
  return bytes >= 1 << 30 and ("%.1f GiB"):format(bytes / (1 << 30))
    or ("%d MiB"):format(bytes >> 20)
end

local function add_state(out, state)
  out[#out + 1] = "state"
  if not state.path then
    out[#out + 1] = row("folder", "none")
    return
  end
  out[#out + 1] = row("folder", state.path, state.exists and mode_text(state.mode)
    or "(not made yet)", "from " .. state.named)
  if state.free then out[#out + 1] = row("free", size(state.free)) end
  if state.records then
    out[#out + 1] = row("journal", ("%d records, none changed, none missing")
      :format(state.records))
    out[#out + 1] = row("unknown", ("%d writes"):format(state.unknown))
    out[#out + 1] = row("interrupted", ("%d runs"):format(#state.interrupted))
  end
end

local function add_limits(out, limits)
  out[#out + 1] = #limits > 0 and "limits" or nil
  for _, entry in ipairs(limits) do
    out[#out + 1] = row(entry.service, not entry.limit and "none"
      or ("%d of %d used, per %g s"):format(entry.used, entry.limit, entry.window),
      entry.paused > 0 and ("paused for %.0f s"):format(entry.paused) or nil)
  end
end

local function add_online(out, online)
  out[#out + 1] = online and "services" or nil
  for _, entry in ipairs(online or {}) do
    out[#out + 1] = row(entry.service, entry.ok and "answers" or "see below",
      entry.offset and ("clock %+d s"):format(math.floor(entry.offset + 0.5)) or nil)
  end
end

local function add_findings(out, found)
  out[#out + 1] = #found == 0 and "nothing is wrong" or "findings"
  for _, finding in ipairs(found) do
    out[#out + 1] = ("  %s: %s"):format(finding.level, finding.where)
    out[#out + 1] = "    " .. finding.what
    out[#out + 1] = "    to do: " .. finding.advice
  end
end

---@param seen table versions, configuration, services, state, limits, online
---@param found siterun.Findings
---@return string
function M.text(seen, found)
  local out, versions = {}, {}
  for i, version in ipairs(seen.versions) do
    versions[i] = version.name .. " " .. version.text:match("^%S+ ?[^ ]*")
  end
  out[1] = table.concat(versions, ", ")
  add_file(out, seen.configuration)
  for _, service in ipairs(seen.services) do add_service(out, service) end
  if not seen.sandbox then add_state(out, seen.state) end
  add_limits(out, seen.limits)
  add_online(out, seen.online)
  add_findings(out, found)
  return table.concat(out, "\n") .. "\n"
end

return M
