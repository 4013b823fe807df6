-- Which known name did the writer mean?
local distance = require("c.nearest").distance

local M = {}

---The one of `names` that is nearest to `word`, if any is near: a third of its letters may
---differ.
---@param word any
---@param names string[]
---@return string?
function M.find(word, names)
  if type(word) ~= "string" then return nil end
  local best, least = nil, math.max(2, #word // 3) + 1
  for _, name in ipairs(names) do
    local edits = distance(word:lower(), name:lower())
    if edits < least and edits < #name then best, least = name, edits end
  end
  return best
end

---" (did you mean ...?)", or nothing where no name is near.
---@param word any
---@param names string[]
---@return string
function M.hint(word, names)
  local name = M.find(word, names)
  return name and string.format(" (did you mean %q?)", name) or ""
end

---The keys of a table that are strings, sorted.
---@param t table
---@return string[]
function M.keys(t)
  local keys = {}
  for key in pairs(t) do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

return M
