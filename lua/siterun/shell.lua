---Texts for the shell.
local display = require("c.display")

local M = {}

local function octal(byte)
  return ("\\%03o"):format(byte:byte())
end

---A terminal that shows the command is not to be steered by it, and copies what it shows.
local function visible(run)
  if display.clean(run) == run then
    return run
  end
  return [['"$(printf ']] .. run:gsub(".", octal) .. [[')"']]
end

---One word, whatever is in it but NUL, which no argument can have.
---@param text string
---@return string
function M.quote(text)
  local inner = text:gsub("'", "'\\''"):gsub("[\0-\8\11-\31\127-\255]+", visible)
  return "'" .. inner .. "'"
end

return M
