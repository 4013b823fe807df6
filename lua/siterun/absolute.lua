-- A path that stays right when the current folder changes.
local file = require "c.file"

---@param path string
---@param may_be_missing? boolean
---@return string? path absolute; nil when there is no such file
return function(path, may_be_missing)
  local from = not may_be_missing and io.open(path, "rb")
  if from then from:close() end
  if not from and not may_be_missing then return nil end
  if path:sub(1, 1) == "/" then return path end
  local folder = file.folder()
  return folder and folder .. "/" .. path or path
end
