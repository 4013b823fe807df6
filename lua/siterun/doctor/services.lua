-- siterun doctor: what is left of the limits, and with --online what the services answer.
local account = require "siterun.account"
local arguments = require "siterun.arguments"
local call = require "siterun.call"
local clock = require "c.clock"
local config = require "siterun.config"
local request = require "siterun.request"
local services = require "siterun.services"
local when = require "siterun.when"
local wire = require "siterun.wire"

local M = {}

-- Seconds. A Date is up to one second old when it is sent; sessions and signatures live for minutes.
local OFFSET_MAX = 60
-- Seconds that the answer may take, the wait for the limit not counted.
local PATIENCE = 20

---What each limit allows at present. Nothing is made for it that is not there yet.
---@param found siterun.Findings
---@param shown siterun.ShownService
---@return table? limits
function M.limits(found, shown)
  local service = services.declaration(shown.name)
  local ok, limits = pcall(function()
    local settings = config.service(service.name, service.settings)
    return account.open(service, settings).handle:limits()
  end)
  if ok then return limits end
  found:failure(shown.name, limits)
end

-- A probe is an endpoint and the arguments that it is called with.
local function build(client, probe)
  local endpoint = client.service.by_name[probe[1]]
  local bound = arguments.bind(client, endpoint, nil, { table.unpack(probe, 2) }, #probe - 1)
  local outgoing = request.build(client, endpoint, bound)
  outgoing.single, outgoing.timeout = true, PATIENCE
  return endpoint, outgoing
end

---By how many seconds this machine's clock is ahead of the service's (negative: behind).
---@param headers table<string, string>
---@param now number
---@return number?
function M.offset(headers, now)
  local date = when.http(headers.date or "")
  return date and now - date - 0.5
end

---Tells of a clock that is off, once.
---@param found siterun.Findings
---@param answers {service: string, offset?: number}[]
function M.clock(found, answers)
  for _, shown in ipairs(answers) do
    if shown.offset and math.abs(shown.offset) > OFFSET_MAX then
      local way = shown.offset > 0 and "ahead of" or "behind"
      return found:problem("clock", ("this machine's clock is %.0f s %s that of %s"):format(
        math.abs(shown.offset), way, shown.service), "set it: timedatectl set-ntp true")
    end
  end
end

---@async
local function ask(name, shown)
  local client = require(name).connect()
  local endpoint, outgoing = build(client, client.service.probe)
  local response, raw = wire.send(outgoing)
  if response then
    shown.status, shown.offset = response.status, M.offset(response.headers, clock.now())
  end
  call.judge(client, endpoint, function() end, response, raw)
end

---One cheap read.
---@async
---@param found siterun.Findings
---@param name string
---@return {service: string, status?: integer, offset?: number, ok: boolean}
function M.online(found, name)
  local shown = { service = name }
  local ok, failure = pcall(ask, name, shown)
  shown.ok = ok
  if ok then return shown end
  if type(failure) == "table" and failure.kind == "interrupted" then error(failure, 0) end
  found:failure(name, failure)
  return shown
end

return M
