-- The sandbox of this run: a child process that serves the simulated services, and the values
-- that lead to it.
local errors = require "siterun.errors"
local process = require "c.process"

local M = {}

-- Seconds until its first line, and between lines.
local PATIENCE = 20

local HINT = "run siterun sandbox to see why"

-- Holds the child, which would end when it is collected, and the values.
local running = {}

-- Up to the first line that is no export.
local function read_exports(from)
  local found = {}
  while true do
    local line, failure = from:line(PATIENCE)
    if failure then errors.raise(errors.from(failure, { kind = "config", hint = HINT })) end
    local name, value = string.match(line or "", "^export ([%w_]+)='(.*)'$")
    if not name then return found end
    found[name] = value:gsub("'\\''", "'")
  end
end

---The variables that lead to the sandbox. The first call starts it; it ends with this process.
---@return table<string, string>
function M.values()
  if running.values then return running.values end
  local started, failure = process.start { "/proc/self/exe", "sandbox", "--port", "0" }
  if not started then errors.raise(errors.from(failure)) end
  local found = read_exports(started)
  if not next(found) then
    started:stop()
    errors.raise { kind = "config", message = "the sandbox did not start", hint = HINT }
  end
  running.child, running.values = started, found
  return found
end

return M
