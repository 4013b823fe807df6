-- How far lists and tasks are: bars, where somebody looks.
local settings = require "siterun.settings"

local M = {}

local is_wanted

local function has_viewer()
  return not settings.quiet and require("c.terminal").is("stderr")
end

---Begins something that may take a while. Nothing is shown of what takes less than a second.
---@param label string
---@param total? integer of its steps, where that is known
---@return view.Bar? bar to be closed; nil where nobody looks
function M.start(label, total)
  if is_wanted == nil then is_wanted = has_viewer() end
  if not is_wanted then return nil end
  return require("view.progress").start(label, total)
end

---An iterator whose items are the bar's steps; with it, what `for` needs to close the bar when
---the loop is left early.
---@param bar? view.Bar
---@param iterator fun(): any
---@return fun(): any iterator, nil, nil, view.Bar? closing
function M.count(bar, iterator)
  if not bar then return iterator end
  local function step()
    local item = iterator()
    if item == nil then
      bar:close()
    else
      bar:step()
    end
    return item
  end
  return step, nil, nil, bar
end

return M
