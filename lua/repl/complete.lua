---What Tab offers at a place in the text. Nothing of the user's runs meanwhile.
local faces = require("repl.faces")
local lexer = require("repl.lexer")
local members = require("help.members")
local place = require("repl.place")
local value = require("repl.value")

local M = {}

-- More are of no use to anybody, and take longer to sort than one wants to wait.
local WORDS_MAX = 2000

---@class repl.Words candidates, each once
local Words = {}
Words.__index = Words

local function new_words(prefix)
  return setmetatable({ prefix = prefix, list = {}, seen = {} }, Words)
end

function Words:add(word)
  local fits = word:sub(1, #self.prefix) == self.prefix
  if fits and not self.seen[word] and #self.list < WORDS_MAX then
    self.seen[word] = true
    self.list[#self.list + 1] = word
  end
end

---A name of Lua; anything else can't stand where one is completed.
function Words:add_name(name)
  if type(name) == "string" and name:find("^[%a_][%w_]*$") and not lexer.KEYWORDS[name] then
    self:add(name)
  end
end

local function add_globals(words)
  value.each(_G, function(name)
    words:add_name(name)
  end)
  for _, name in ipairs(faces.NAMES) do
    words:add(name)
  end
  if words.prefix ~= "" then
    for word in pairs(lexer.KEYWORDS) do
      words:add(word)
    end
  end
end

local function add_members(words, from, kind)
  for _, member in ipairs(members.of(from)) do
    local is_method = not member.origin.resource or member.origin.bound
    if kind == "field" or is_method then
      words:add(member.name)
    end
  end
end

local function add_fields(words, found)
  local chain = found.chain
  if not chain then
    return
  end
  local holder, from = value.follow(chain)
  if from and (from.client or from.resource) then
    return add_members(words, from, found.kind)
  elseif type(holder) == "string" and found.kind == "field" then
    return -- what a text has are methods
  end
  value.each(holder, function(name, field)
    if found.kind == "field" or type(field) == "function" then
      words:add_name(name)
    end
  end)
end

local adders = {
  name = add_globals,
  field = add_fields,
  method = add_fields,
}

---@class repl.Completion
---@field from integer first byte of what a word replaces; what is before the cursor ends it
---@field words string[] sorted
---@field signatures string[] lines that tell what the words are

---@param text string the chunk, as far as it is typed
---@param cursor integer bytes before the cursor
---@return repl.Completion
function M.find(text, cursor)
  local found = place.find(text, cursor)
  local words = new_words(found.prefix)
  local add = adders[found.kind]
  if add then
    add(words, found)
  end
  table.sort(words.list)
  return { from = found.from, words = words.list, signatures = {} }
end

return M
