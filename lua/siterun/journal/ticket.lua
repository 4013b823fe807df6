-- Which writes and notes concern a ticket. It has a number, and an id in addresses: what the
-- journal was told of one of them leads to the other.
local journal = require "siterun.journal"
local json = require "c.json"

local M = {}

-- Fields that name a ticket, without case and underscores.
local FIELDS = { ticketnumber = true, ticketno = true, ticketid = true }

local function is_field(key)
  return FIELDS[tostring(key):lower():gsub("_", "")]
end

local function path_of(url)
  return (url or ""):gsub("%?.*", "")
end

local function is_of_tickets(url)
  return path_of(url):find("/tickets", 1, true) ~= nil
end

-- An object that has one of the names gives the others.
local function learn(value, names)
  if type(value) ~= "table" then return end
  local own, known = {}, false
  for key, inner in pairs(value) do
    learn(inner, names)
    if (key == "id" or is_field(key)) and type(inner) ~= "table" then
      own[#own + 1] = tostring(inner)
      known = known or names[tostring(inner)]
    end
  end
  for _, name in ipairs(known and own or {}) do names[name] = true end
end

---All that a ticket is called in the journal.
---@param ticket string|integer number or id
---@return table<string, true>
function M.names(ticket)
  local text = tostring(ticket)
  local names = { [text] = true }
  for record in journal.each { kind = "outcome" } do
    if record.body and record.body:find(text, 1, true) then
      local intent = journal.last { seq = record.intent }
      local answer = intent and is_of_tickets(journal.content(intent).url)
        and journal.content(record).body
      learn(answer and json.decode(answer), names)
    end
  end
  return names
end

local function names_one(value, names, has_id)
  if type(value) ~= "table" then return false end
  for key, inner in pairs(value) do
    local is_name = is_field(key) or has_id and key == "id"
    if is_name and names[tostring(inner)] then return true end
    if names_one(inner, names, has_id) then return true end
  end
  return false
end

---@param entry journal.Entry
---@param names table<string, true> of M.names
---@return boolean
function M.concerns(entry, names)
  for segment in path_of(entry.url):gmatch "/tickets/([^/]+)" do
    if names[segment] then return true end
  end
  return names_one(entry.request, names, false) or names_one(entry.note, names, false)
    or names_one(entry.answer, names, is_of_tickets(entry.url))
end

return M
