-- The mark that a created object carries, so that it can be found again when its answer was
-- lost: a line in one of its fields, the same in every retry and resumed run.
local errors = require "siterun.errors"
local journal = require "siterun.journal"
local outcome = require "siterun.journal.outcome"
local run = require "siterun.journal.this_run"
local write = require "siterun.journal.write"

local M = {}

-- Hexadecimal digits: enough for no two objects of an instance to share a mark.
local DIGITS = 16

local FORM, PATTERN = "[siterun %s]", "%[siterun (%x+)%]"

-- Which occurrences of a content this run has under way or made.
---@type table<string, table<integer, true>>
local taken = {}

---The mark in a text; nil where there is none.
---@param text any
---@return string?
function M.find(text)
  return type(text) == "string" and text:match(PATTERN) or nil
end

---@class siterun.Mark
---@field text string
---@field content? string without a key: what was marked
---@field occurrence? integer

local function short(text)
  return journal.fingerprint(text):sub(1, DIGITS)
end

-- A write that did nothing gives its number back: a recipe that repeats it makes the same one.
local function take_number(content)
  local numbers, n = taken[content] or {}, 1
  while numbers[n] do n = n + 1 end
  taken[content], numbers[n] = numbers, true
  return n
end

---The mark for what this call creates; nil where it carries none.
---@param client table
---@param endpoint siterun.Endpoint
---@param request table as it would be sent without one
---@return siterun.Mark?
function M.take(client, endpoint, request)
  local spec = endpoint.reference
  if not spec or client.settings[spec.setting] == false then return nil end
  if request.once then return { text = short("once\n" .. request.once) } end
  local content = write.content(write.sent(client, endpoint, request))
  local n = take_number(content)
  local text = string.format("run\n%s\n%s\n%d", run.origin(), content, n)
  return { text = short(text), content = content, occurrence = n }
end

---The values of a call with the mark in its field.
---@param endpoint siterun.Endpoint
---@param values table
---@param mark siterun.Mark
---@return table
function M.marked(endpoint, values, mark)
  local out, field = {}, endpoint.reference.field
  for name, value in pairs(values) do out[name] = value end
  local given = values[field]
  local line = string.format(FORM, mark.text)
  out[field] = type(given) == "string" and given ~= "" and given .. "\n\n" .. line or line
  return out
end

---The call failed: where nothing was created, the next one of the same content gets the mark.
---@param mark siterun.Mark
---@param e any
function M.give_back(mark, e)
  local result = errors.is(e) and outcome.of(false, e)
  if mark.content and (result == "refused" or result == "not_sent") then
    taken[mark.content][mark.occurrence] = nil
  end
end

return M
