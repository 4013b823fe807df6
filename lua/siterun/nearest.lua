-- Which known name did the writer mean?
local M = {}

-- Longer words than this are not compared: the work grows with the product of the lengths.
local LONGEST = 64

local function row_after(previous, a, i, b)
  local row = { [0] = i }
  for j = 1, #b do
    local cost = a:byte(i) == b:byte(j) and 0 or 1
    row[j] = math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost)
  end
  return row
end

---Edits (insert, delete, replace a byte) that turn `a` into `b`.
---@param a string
---@param b string
---@return integer
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do row = row_after(row, a, i, b) end
  return row[#b]
end

---The one of `names` that is nearest to `word`, if any is near: a third of its letters may
---differ.
---@param word any
---@param names string[]
---@return string?
function M.find(word, names)
  if type(word) ~= "string" or #word > LONGEST then return nil end
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
