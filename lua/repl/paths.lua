---Names of files, where one is being typed.
local file = require("c.file")

local M = {}

---Adds the files whose path begins with what is typed.
---@param words repl.Words its prefix is the path so far
function M.add(words)
  local folder, name = words.prefix:match("^(.*/)([^/]*)$")
  folder, name = folder or "", name or words.prefix
  for _, found in ipairs(file.list(folder == "" and "." or folder) or {}) do
    local is_hidden = found:sub(1, 1) == "." and name:sub(1, 1) ~= "."
    if not is_hidden and not found:find("[%c\"'\\]") then
      words:add(folder .. found)
    end
  end
end

return M
