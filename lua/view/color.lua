-- Colours, where somebody sees them.
local settings = require "siterun.settings"
local terminal = require "c.terminal"

local M = {}

-- Parameters of SGR (ECMA-48 8.3.117).
M.STYLES = {
  heading = "1", name = "36", null = "2", number = "33", time = "32", note = "2",
  error = "1;31", warning = "33", sandbox = "32", production = "1;37;41",
}

local known = {}

local function is_wanted(stream)
  if settings.color ~= "auto" then return settings.color == "always" end
  local refused = os.getenv("NO_COLOR")
  return (refused or "") == "" and terminal.is(stream)
end

---Are colours written to this stream? `--color` decides, then NO_COLOR, then whether it is a
---terminal.
---@param stream? "stdout"|"stderr" stdout unless told
---@return boolean
function M.is_on(stream)
  stream = stream or "stdout"
  if known[stream] == nil then known[stream] = is_wanted(stream) end
  return known[stream]
end

---The text in a style, wherever it goes.
---@param style string a name in STYLES
---@param text string
---@return string
function M.styled(style, text)
  local look = assert(M.STYLES[style], "no such style")
  return text == "" and text or "\27[" .. look .. "m" .. text .. "\27[0m"
end

---The text in a style, where colours are written; as it is elsewhere.
---@param style string a name in STYLES
---@param text string
---@param stream? "stdout"|"stderr" where it will be written; stdout unless told
---@return string
function M.paint(style, text, stream)
  return M.is_on(stream) and M.styled(style, text) or text
end

return M
