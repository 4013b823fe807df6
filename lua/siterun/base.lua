-- Where a user's files live: the XDG base directory specification.
local M = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

---The home folder, if the environment names an absolute one.
---@return string?
function M.home()
  local home = variable("HOME")
  return home and home:sub(1, 1) == "/" and home or nil
end

---A base folder. The specification has relative values ignored.
---@param name string variable: "XDG_STATE_HOME"
---@param usual string below the home folder: ".local/state"
---@return string? folder nil when neither the variable nor HOME says where
function M.folder(name, usual)
  local value, home = variable(name), M.home()
  if value and value:sub(1, 1) == "/" then return value end
  return home and home .. "/" .. usual
end

---The variable's value; one that is empty counts as not set.
---@type fun(name: string): string?
M.variable = variable

return M
