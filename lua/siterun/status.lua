-- What an HTTP status means to the caller.
local M = {}

local KINDS = { [401] = "auth", [403] = "denied", [404] = "not_found", [429] = "rate_limited" }

local NAMES = {
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Method Not Allowed", [409] = "Conflict", [422] = "Unprocessable Content",
  [429] = "Too Many Requests",
  [500] = "Internal Server Error", [502] = "Bad Gateway", [503] = "Service Unavailable",
  [504] = "Gateway Timeout",
}

---A 503 is a used-up limit where it says so; else an outage.
local function is_limit(response)
  return response.status == 503 and (response.retry_after ~= nil
    or (response.body or ""):sub(1, 2000):lower():find("rate limit", 1, true) ~= nil)
end

---@param response table status, body, retry_after
---@return string? kind of error; nil for success
function M.kind(response)
  local status = response.status
  if status >= 200 and status < 300 then return nil end
  if KINDS[status] then return KINDS[status] end
  if is_limit(response) then return "rate_limited" end
  if status >= 400 and status < 500 then return "refused" end
  return "server"
end

---@param status integer
---@return string
function M.name(status)
  if status >= 300 and status < 400 then
    return "the service redirects, which siterun never follows"
  end
  return NAMES[status] or "the service answered with HTTP " .. status
end

return M
