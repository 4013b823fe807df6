-- The run that writes belong to: who runs which recipe, since when. It is recorded with its
-- first write, and its end when the program ends.
local base = require "siterun.base"
local begun = require "siterun.journal.begun"
local config_file = require "siterun.config.file"
local errors = require "siterun.errors"
local file = require "c.file"
local identity = require "c.identity"
local journal = require "siterun.journal"
local json = require "c.json"
local secret = require "c.secret"
local settings = require "siterun.settings"

local M = {}

local id, op

-- Codes of runs that were cut off: by a deadline, by SIGINT.
local CUT_OFF = { [6] = true, [130] = true }

---The fingerprint of a script's text; nil when it can't be read.
---@param path string
---@return string?
function M.hash_of(path)
  local text = begun.read(path)
  return text and journal.fingerprint(text)
end

---Says what runs from now on. Nothing is recorded yet.
---@param script siterun.Script
function M.begin(script)
  begun.note(script)
  id, op = nil, nil
end

local function new_id(self)
  local mark = string.format("%d %d %d", self.pid, self.born, begun.chance)
  local at = os.date("!%Y%m%dT%H%M%SZ-", begun.at or os.time())
  return at .. journal.fingerprint(mark):sub(1, 6)
end

---The options that a resumed run gets again.
local function flags()
  return {
    profile = settings.profile or base.variable "SITERUN_PROFILE",
    config = settings.config or base.variable "SITERUN_CONFIG",
    trace = settings.trace or nil, quiet = settings.quiet or nil, color = settings.color,
    deadline = settings.deadline, modules = json.array(begun.script.modules or {}),
  }
end

local function unrepeatable()
  if begun.script.unrepeatable then return begun.script.unrepeatable end
  for _, argument in ipairs(begun.script.arguments or {}) do
    if secret.redact(argument) ~= argument then return "an argument of it held a secret" end
  end
end

local function profile()
  local ok, loaded = pcall(config_file.load)
  return not settings.sandbox and ok and loaded.profile or nil
end

---The id of this run, recorded or not.
---@return string
function M.name()
  id = id or new_id(identity.self())
  return id
end

---The id of the run that this one goes on with in the end; its own where it resumes none.
---@return string
function M.origin()
  return begun.script.origin or M.name()
end

local function describe()
  local self, script = identity.self(), begun.script
  local hash = begun.text and journal.fingerprint(begun.text)
  M.name()
  return {
    recipe = script.recipe, name = script.name, hash = hash,
    arguments = script.arguments and json.array(script.arguments),
    user = self.user, host = self.host, pid = self.pid, born = self.born,
    profile = profile(), folder = file.folder() or nil, flags = flags(), argv0 = settings.argv0,
    unrepeatable = unrepeatable(), resumes = script.resumes,
  }
end

-- A record that could not be written is queued anew with the next write.
local function is_recorded()
  if op and op:ready() and not op:result() then op = nil end
  return op ~= nil
end

---The id of this run; its record is queued if it is not there yet.
---@return string
function M.id()
  if not is_recorded() then
    local body = journal.body(describe())
    op = journal.append { kind = "run", run = id, body = body }
  end
  return id
end

---Records the run at once: a resumed one is there before its first write.
---@async
---@return string id
function M.record()
  local found = M.id()
  require("siterun.scheduler").wait(op)
  journal.written(op)
  return found
end

local function code_of(result)
  if result == nil or result == true then return 0 end
  return math.tointeger(result) or 1
end

local function state_of(code)
  if code == 0 then return "done" end
  return CUT_OFF[code] and "interrupted" or "failed"
end

local function append_end(code)
  local body = journal.body { state = state_of(code), code = code }
  journal.append { kind = "end", run = id, body = body }
end

local lost = 0

---Counts a write of this run whose outcome nobody knows.
function M.lose()
  lost = lost + 1
end

-- A script may catch the error, and so end as if all were well.
local function tell_lost()
  if lost == 0 or settings.quiet then return end
  local writes = lost == 1 and "one write" or lost .. " writes"
  io.stderr:write("siterun: the outcome of ", writes,
    " of this run is unknown: siterun reconcile\n")
end

---Records how the run ended and writes what is queued. Never raises: the run has ended anyway.
---@param result integer|boolean|nil as os.exit takes it
function M.finish(result)
  if not journal.is_open() then return end
  if op and not M.ended then
    M.ended = true
    local ok, e = pcall(append_end, code_of(result))
    if not ok and errors.is(e) then io.stderr:write("siterun: ", tostring(e), "\n") end
  end
  journal.flush()
  tell_lost()
  lost = 0
end

return M
