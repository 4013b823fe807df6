---Loads and runs what the command line names, as lua does.
local settings = require("siterun.settings")

local M = {}

---An error of the command line or of a script's text: shown without a traceback.
---@class siterun.Refusal
---@field message string
---@field code integer exit code
M.Refusal = {}

local function refuse(message, code)
  error(setmetatable({ message = message, code = code }, M.Refusal), 0)
end

---Runs f as the main task.
---@param f function
---@return any ... what f returns
function M.call(f, ...)
  return require("siterun.running").run(f, ...)
end

---@param module string
---@return function? loader
---@return any data
---@return string? missing why there is no such module
function M.find(module)
  local found = package.searchers[1](module)
  if type(found) == "function" then
    return found
  end
  local loader, data = package.searchers[2](module)
  if type(loader) == "function" then
    return loader, data
  end
  return nil, nil, loader
end

---With `-o`, what the chunk returns is written, by the same task: an iterator may wait.
local function written(chunk)
  local output = settings.output
  if not output then return chunk end
  return function(...)
    require("view.format").results(output, table.pack(chunk(...)), io.stdout)
  end
end

local function check(chunk, message)
  return chunk or refuse(message, 1)
end

---@param code string
function M.run_text(code)
  M.call(written(check(load(code, "=(command line)", "t"))))
end

---Lets a script require what lies beside it, after the embedded modules.
---@param folder string absolute
function M.search_beside(folder)
  if not folder:find("[;?]") then
    package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
  end
end

---A file that can't be read is a mistake of the command line; a word may be a mistyped command.
local function refuse_file(path, commands, message)
  local nearest = require("siterun.nearest")
  local near = not path:find("[/.]") and nearest.find(path, nearest.keys(commands))
  local hint = near and (" (did you mean the command '%s'?)"):format(near)
    or path:find("^%a*$") and " (siterun --help lists the commands)" or ""
  refuse(message .. hint, 2)
end

---@param path string "-" is standard input
---@param commands table<string, true>
---@param ... string the script's arguments
function M.run_file(path, commands, ...)
  local chunk, message = loadfile(path ~= "-" and path or nil, "t")
  if not chunk and message:find("^cannot %a+ ") then
    refuse_file(path, commands, message)
  elseif not chunk and not message:find(":", 1, true) then
    message = path .. ": " .. message -- of what is no text, Lua tells no place
  end
  M.call(written(check(chunk, message)), ...)
end

---`-l name=module`; without a name the module's own, up to a "-" (lua's mark of a version).
---@param text string
function M.require_global(text)
  local name, module = text:match("^([^=]*)=(.*)$")
  name = name or text:match("^[^-]*")
  _G[name] = M.call(require, module or text)
end

---Takes entries that depend on the current folder out of the search paths.
function M.absolute_paths()
  for _, field in ipairs({ "path", "cpath" }) do
    local kept = {}
    for entry in package[field]:gmatch("[^;]+") do
      kept[#kept + 1] = entry:sub(1, 1) == "/" and entry or nil
    end
    package[field] = table.concat(kept, ";")
  end
end

return M
