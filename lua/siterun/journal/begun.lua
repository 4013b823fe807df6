-- What runs, since when. It is noted before any user code; whatever else a record needs is found out
-- with the first write, since most runs write nothing.
local M = {}

---@class siterun.Script what a run runs
---@field recipe? string absolute path; nil for code that is in no file
---@field name? string the script as it was called
---@field arguments? string[]
---@field modules? string[] of -l
---@field unrepeatable? string why it can't be resumed
---@field resumes? string id of the run that this one goes on with
---@field origin? string id of the run that was resumed first

---@type siterun.Script
M.script = {}

---@type integer? time of day, seconds
M.at = nil

---@type string? text of the recipe as it began
M.text = nil

-- Drawn here because user code may seed the generator.
M.chance = math.random(0)

---@param path string
---@return string? text nil when it can't be read
function M.read(path)
  local from <close> = io.open(path, "rb")
  return from and from:read "a"
end

---@param script siterun.Script
function M.note(script)
  M.script, M.at = script, os.time()
  M.text = script.recipe and M.read(script.recipe)
end

return M
