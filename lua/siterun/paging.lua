-- Goes through every page of a list while holding one.
local M = {}

-- A service may send empty pages before the next full one; more of them in a row than this are
-- no progress.
local EMPTY_MAX = 5

---@class siterun.Pages
---@field fetch fun(token?: string): table, table items, next token
---@field fail fun(message: string) raises
---@field id string field that tells items apart

---Notices a token that came before, with one token remembered (Brent's way of finding a cycle).
local function loop_guard()
  local mark, steps, power = nil, 0, 1
  return function(token)
    if token == mark then return true end
    steps = steps + 1
    if steps == power then mark, steps, power = token, 0, power * 2 end
    return false
  end
end

---Leaves out what was there already. Items without an id always count as new.
local function only_new(items, seen, id_field)
  local fresh = {}
  for _, item in ipairs(items) do
    local id = type(item) == "table" and item[id_field] or nil
    if id == nil or not seen[id] then fresh[#fresh + 1] = item end
    if id ~= nil then seen[id] = true end
  end
  return fresh
end

---An iterator over the items of all pages. Only the ids seen grow with the length of the list.
---@param pages siterun.Pages
---@return fun(): any
function M.each(pages)
  local seen, is_loop = {}, loop_guard()
  local batch, at, token, started, empties = nil, 0, nil, false, 0

  local function next_page()
    batch, at = nil, 0
    if started and token == nil then return false end
    if token and is_loop(token) then pages.fail("the service repeats a page's token") end
    local items
    items, token = pages.fetch(token)
    started, empties = true, #items == 0 and empties + 1 or 0
    batch = only_new(items, seen, pages.id)
    if #items > 0 and #batch == 0 or empties >= EMPTY_MAX then token = nil end
    return true
  end

  return function()
    while not batch or at >= #batch do
      if not next_page() then return nil end
    end
    at = at + 1
    return batch[at]
  end
end

---An iterator over a list that came whole.
---@param list table
---@return fun(): any
function M.whole(list)
  local at = 0
  return function()
    at = at + 1
    return list[at]
  end
end

return M
