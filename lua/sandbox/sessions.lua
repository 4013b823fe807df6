---Teleporte's sessions: who logged in, until when, and how the answer says so.
local calendar = require("sandbox.calendar")

local M = {}

local FORMS = {
  iso = calendar.iso,
  iso_naive = function(at) return (calendar.naive(at):gsub(" ", "T")) end,
  naive = calendar.naive,
  epoch = function(at) return at // 1000 end,
  epoch_ms = function(at) return at end,
}

---@param text string a place (nested, root), a form (iso ... or absent), or both: "root iso"
---@return { place: string, form: string }|nil
function M.parse_expires(text)
  local expires = { place = "nested", form = "iso" }
  for word in text:gmatch("[%w_]+") do
    if word == "nested" or word == "root" then
      expires.place = word
    elseif FORMS[word] or word == "absent" then
      expires.form = word
    else
      return nil
    end
  end
  return text:find("%w") and expires or nil
end

---@param call sandbox.Call
---@return table|nil the answer's body; nil when the credentials are wrong
function M.open(call)
  local account = call.account
  if call.json.username ~= account.username or call.json.password ~= account.password then
    return nil
  end
  local token = "tws." .. call.app.secrets:hex(48)
  local expires_at = call.now + call.options.session_ms
  call.app.sessions[token] = expires_at
  local body = { tws_token = { tws_token_data = token }, tws_memberships = account.memberships }
  local expires = call.options.expires
  if expires.form ~= "absent" then
    local holder = expires.place == "root" and body or body.tws_token
    holder.tws_token_expires_at = FORMS[expires.form](expires_at)
  end
  return body
end

local function is_member(account, id)
  for _, membership in ipairs(account.memberships) do
    if membership.id == id then
      return true
    end
  end
  return false
end

---@param call sandbox.Call
---@return integer|nil status when the headers do not open this session
---@return string|nil message
function M.complaint(call)
  local token = (call.headers.authorization or ""):match("^[Bb]earer (%S+)$")
  local expires_at = token and call.app.sessions[token]
  if not token then
    return 401, "The access token is missing."
  elseif not expires_at then
    return 401, "The access token is invalid."
  elseif call.now >= expires_at then
    return 401, "The access token expired."
  elseif call.headers["tws-organization-token"] ~= call.account.org_token then
    return 403, "The organization token is missing or wrong."
  elseif not is_member(call.account, call.headers["tws-membership-id"]) then
    return 403, "The membership is missing or not one of this account's."
  end
end

return M
