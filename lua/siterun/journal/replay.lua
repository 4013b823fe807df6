-- What a resumed run had done already: its writes by their content. A call takes the next one
-- of the same content, so the order of the calls may differ.
local journal = require "siterun.journal"

local M = {}

---@class siterun.Done a write of the earlier run
---@field intent integer
---@field outcome "done"|"unknown"

---@type table<string, siterun.Done[]>
local done = {}

local function add(intent)
  local record = journal.outcome(intent.seq)
  local outcome = record and record.outcome or "unknown"
  if intent.once or outcome == "refused" or outcome == "not_sent" then return end
  local list = done[intent.content] or {}
  done[intent.content] = list
  list[#list + 1] = { intent = intent.seq, outcome = outcome }
end

-- Of equal writes those whose answer is known come first: nothing else tells them apart.
local function sort()
  for _, list in pairs(done) do
    table.sort(list, function(a, b)
      if a.outcome ~= b.outcome then return a.outcome == "done" end
      return a.intent < b.intent
    end)
  end
end

---Takes over what these runs did.
---@param ids string[]
function M.load(ids)
  done = {}
  for _, id in ipairs(ids) do
    for intent in journal.each { kind = "intent", run = id } do
      if intent.service then add(intent) end
    end
  end
  sort()
end

---The next write of this content that an earlier run made; nil when it is to be sent.
---@param content string
---@return siterun.Done?
function M.take(content)
  local list = done[content]
  return list and table.remove(list, 1)
end

---How many writes of the earlier run no call has asked for.
---@return integer
function M.left()
  local count = 0
  for _, list in pairs(done) do count = count + #list end
  return count
end

return M
