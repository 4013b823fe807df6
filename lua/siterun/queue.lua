---What waits for its turn: first in, first out.
local M = {}

---@return fun(item: any) push
---@return fun(): any pop nil when nothing is left
---@return fun(): integer count
function M.new()
  local items, first, last = {}, 1, 0
  local function push(item)
    last = last + 1
    items[last] = item
  end
  local function pop()
    local item = items[first]
    if item ~= nil then
      items[first] = nil
      first = first + 1
    else
      first, last = 1, 0
    end
    return item
  end
  return push, pop, function()
    return last - first + 1
  end
end

return M
