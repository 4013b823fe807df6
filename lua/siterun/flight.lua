-- One fetch however many tasks ask: the first one's answer is everybody's.
local task = require "task"

local M = {}

---What `cache` holds under `key`; `fetch` is run for it once. A failed fetch is tried anew by
---the next caller.
---@async
---@param cache table
---@param key string
---@param fetch fun(): any
---@return any
function M.once(cache, key, fetch)
  local known = cache[key]
  if not known then
    known = { task = task.spawn(fetch) }
    cache[key] = known
  end
  if known.value == nil then
    local ok, value = pcall(known.task.join, known.task)
    if not ok then
      if cache[key] == known then cache[key] = nil end
      error(value, 0)
    end
    known.value = value
  end
  return known.value
end

return M
