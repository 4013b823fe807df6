-- Addresses of proxies. Of one that it can't use libcurl says all, the password too.
local M = {}

local SCHEMES = {
  http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true,
}

---What a proxy's address must be.
M.WANTED = "the address of a proxy, for example http://proxy.example.com:3128"

local function is_port(text)
  return text == "" or text:find("^:%d+$") ~= nil and tonumber(text:sub(2)) <= 65535
end

---Is this the address of a proxy: [SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/]?
---@param address any
---@return boolean
function M.is_address(address)
  if type(address) ~= "string" or not address:find("^[!-~]+$") then return false end
  local scheme, rest = address:match("^([%w+.-]+)://(.*)$")
  local place = (rest or address):gsub("/$", ""):gsub("^[^/?#]*@", "")
  local port = place:match("^%[[%x:.]+%](.*)$") or place:match("^[%w_.-]+(.*)$")
  return SCHEMES[(scheme or "http"):lower()] ~= nil and port ~= nil and is_port(port)
end

return M
