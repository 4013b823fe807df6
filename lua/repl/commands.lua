---What a session takes that is not Lua: lines that begin with a colon.
local nearest = require("siterun.nearest")

local M = {}

---@class repl.Command
---@field name string
---@field argument? string how its argument is written: "[TEXT]"
---@field text string one line
---@field run fun(session: repl.Session, argument: string, forced: boolean) argument: "" for none
---@field words? fun(session: repl.Session): string[] what the argument may be, for completion
---@field takes_file? boolean is the argument the name of a file?
---@field takes_code? boolean is it Lua?

local NAMES = {
  "all", "bt", "curl", "edit", "help", "history", "limits", "more", "profile", "quit", "save",
  "time", "trace",
}

---@type repl.Command[]
M.LIST = {}
local by_name = {}
for i, name in ipairs(NAMES) do
  local command = require("repl.command." .. name)
  M.LIST[i], by_name[name] = command, command
end

---How a command is written: ":save[!] FILE".
---@param command repl.Command
---@return string
function M.call(command)
  return ":" .. command.name .. (command.argument and " " .. command.argument or "")
end

---@param name string
---@return repl.Command?
function M.find(name)
  return by_name[name]
end

local function complain(name)
  local near = nearest.find(name, NAMES)
  local hint = near and (" (did you mean :%s?)"):format(near) or ""
  io.stderr:write("siterun: there is no command :", name, hint, "; :help lists them\n")
end

---Runs a line that is a command.
---@param session repl.Session
---@param line string
---@return boolean is_command
function M.run(session, line)
  local name, forced, argument = line:match("^:(%a[%w_]*)(!?)%s*(.-)%s*$")
  if not name then
    return false
  end
  local command = by_name[name]
  if not command then
    complain(name)
  elseif argument ~= "" and not command.argument then
    io.stderr:write("siterun: :", name, " takes nothing more\n")
  elseif argument == "" and command.argument and command.argument:find("^%u") then
    io.stderr:write("siterun: it is written ", M.call(command), "\n")
  else
    command.run(session, argument, forced == "!")
  end
  return true
end

return M
