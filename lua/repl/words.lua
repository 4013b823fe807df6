---The words that can stand at a place, with what is said of each.
local lexer = require("repl.lexer")

local M = {}

-- More are of no use to anybody, and take longer to sort than one wants to wait.
local COUNT_MAX = 1000
-- Of more words nothing is said: it would fill screens.
local TOLD_MAX = 100

---@alias repl.Teller fun(word: string, is_alone: boolean): string, string how it is written, a text

---@class repl.Words
---@field prefix string that all of them begin with
---@field list string[]
---@field told table<string, repl.Teller>
---@field are_chosen? boolean are they what the place asks for, rather than all that may stand there?
---@field least? string of those that are too many
---@field greatest? string
local Words = {}
Words.__index = Words

---@param prefix string
---@return repl.Words
function M.new(prefix)
  local name = "^" .. prefix:gsub("%W", "%%%0") .. "[%w_]*$"
  return setmetatable({ prefix = prefix, name = name, list = {}, told = {} }, Words)
end

---What all words have in common must stay so for those that are kept.
local function note_extremes(self, word)
  self.least = self.least and self.least < word and self.least or word
  self.greatest = self.greatest and self.greatest > word and self.greatest or word
end

local function keep(self, word, tell)
  local count = #self.list
  if count >= COUNT_MAX then
    return note_extremes(self, word)
  end
  self.list[count + 1] = word
  if count <= TOLD_MAX then
    self.told[word] = tell
  end
end

---@param word string
---@param tell? repl.Teller
function Words:add(word, tell)
  if word:sub(1, #self.prefix) == self.prefix then
    keep(self, word, tell)
  end
end

---A name of Lua; anything else can't stand where one is completed.
---@param name any
---@param tell? repl.Teller
function Words:add_name(name, tell)
  if type(name) == "string" and name:find(self.name) and not lexer.KEYWORDS[name]
    and name:find("^[^%d]") then
    keep(self, name, tell)
  end
end

---Each once, sorted.
---@return string[]
function Words:sorted()
  local list, once = self.list, {}
  list[#list + 1] = self.least
  list[#list + 1] = self.greatest
  table.sort(list)
  for _, word in ipairs(list) do
    if word ~= once[#once] then
      once[#once + 1] = word
    end
  end
  self.list = once
  return { table.unpack(once) }
end

---What is said of the words, as rows of two columns.
---@return {[1]: string, [2]: string}[]
function Words:rows()
  local rows = {}
  for _, word in ipairs(#self.list <= TOLD_MAX and self.list or {}) do
    local tell = self.told[word]
    if tell then
      rows[#rows + 1] = { tell(word, #self.list == 1) }
    end
  end
  return rows
end

return M
