-- What became of a write, judged by the error of its call.
local errors = require "siterun.errors"

local M = {}

-- The service refused, and so did nothing.
local REFUSED = { denied = true, not_found = true, refused = true, auth = true,
  rate_limited = true }

-- No attempt is left without an answer: a write that one is left of fails with unknown_outcome. What
-- was sent before that had been refused.
local NOT_BEGUN = { network = true, timeout = true, deadline = true }

---@param ok boolean whether the call succeeded
---@param e any its error
---@param refuses_by_503? boolean does the service document that a 503 did nothing?
---@return "done"|"refused"|"not_sent"|"unknown"
function M.of(ok, e, refuses_by_503)
  if ok then return "done" end
  if not errors.is(e) then return "unknown" end
  if e.sent == "no" then return "not_sent" end
  if NOT_BEGUN[e.kind] and not e.status then return "refused" end
  local failed = e.status and e.status >= 500 and not refuses_by_503
  return REFUSED[e.kind] and not failed and "refused" or "unknown"
end

return M
