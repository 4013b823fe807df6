---What Tab offers at a place in the text. Nothing of the user's runs meanwhile.
local complete_command = require("repl.complete_command")
local expecting = require("repl.expected")
local faces = require("repl.faces")
local known = require("help.known")
local layout = require("help.layout")
local lexer = require("repl.lexer")
local locals = require("repl.locals")
local members = require("help.members")
local new_words = require("repl.words").new
local page = require("help.page")
local paths = require("repl.paths")
local place = require("repl.place")
local value = require("repl.value")

local M = {}

-- Columns, unless told.
local WIDTH = 80

local function member_names(from)
  local names = {}
  for i, member in ipairs(members.of(from)) do
    names[i] = member.name
  end
  return table.concat(names, ", ")
end

---Says what a name is: of a function of siterun's how it is called, in full where it is alone.
---@param find fun(word: string): any, siterun.Origin? what has the name
---@return repl.Teller
local function teller(find)
  return function(word, is_alone)
    local held, from = find(word)
    local entry = known.entry(held, from)
    if entry then
      return (is_alone and page.signature or page.short)(entry), page.first(entry.text)
    elseif from then
      return word, member_names(from)
    end
    local module = known.module(held)
    return word, module and page.first(known.text(module)) or type(held)
  end
end

local function add_globals(words)
  local tell = teller(value.global)
  value.each(_G, function(name)
    words:add_name(name, tell)
  end)
  for name in locals.each() do
    words:add_name(name)
  end
  for _, name in ipairs(faces.NAMES) do
    words:add(name, tell)
  end
  if words.prefix ~= "" then
    for word in pairs(lexer.KEYWORDS) do
      words:add(word)
    end
  end
end

local function add_members(words, from, kind)
  local tell = teller(function(word)
    return nil, members.find(from, word)
  end)
  for _, member in ipairs(members.of(from)) do
    if kind == "field" or not member.origin.resource or member.origin.bound then
      words:add(member.name, tell)
    end
  end
end

---Of a module of siterun's only what is documented.
local function add_module(words, name, tell)
  for _, note in ipairs(known.public(name)) do
    words:add(note.name, tell)
  end
end

local function add_fields(words, holder, from, kind)
  local tell = teller(function(word)
    return value.get(holder, word)
  end)
  local module = kind == "field" and known.module(holder)
  if from and (from.client or from.resource) then
    return add_members(words, from, kind)
  elseif module then
    return add_module(words, module, tell)
  elseif type(holder) == "string" and kind == "field" then
    return -- what a text has are methods
  end
  value.each(holder, function(name, held)
    if kind == "field" or type(held) == "function" then
      words:add_name(name, tell)
    end
  end)
end

---Parameters that have no value yet.
local function add_parameters(words, holder, given)
  for _, spec in ipairs(holder.fields()) do
    if spec.name and not given[spec.name] then
      words:add(spec.name .. "=", function()
        return spec.name, page.told(spec)
      end)
    end
  end
end

local function add_values(words, spec, quote)
  for _, allowed in ipairs(spec and spec.values or {}) do
    if type(allowed) == "string" then
      words:add(quote and quote .. allowed .. quote or allowed)
    end
  end
  if spec and spec.type == "boolean" and quote then
    words:add("true")
    words:add("false")
  end
end

---Of functions that take the name of a file first.
local function takes_file(expected)
  local callee = expected.callee
  if callee == nil or expected.argument ~= 1 then
    return false
  end
  for _, taker in ipairs({ dofile, loadfile, io.open, io.lines, io.input, io.output,
    require("secret").file }) do
    if rawequal(callee, taker) then
      return true
    end
  end
  return false
end

local function add_names_of(words, callee)
  local help = rawget(package.loaded, "help")
  local list = rawequal(callee, require) and known.modules()
    or help and rawequal(callee, help) and help.names() or {}
  for _, name in ipairs(list) do
    words:add(name)
  end
end

local function add_keys(words, holder)
  value.each(holder, function(name)
    if type(name) == "string" and not name:find("[%c\"'\\]") then
      words:add(name)
    end
  end)
end

local adders = {}

function adders.name(words, found, expected)
  local top = found.frames[#found.frames]
  local holder = expected and expected.holder
  if holder and top.at_key then
    add_parameters(words, holder, top.given)
  elseif expected and expected.spec then
    add_values(words, expected.spec, '"')
  end
  words.are_chosen = #words.list > 0
  if not words.are_chosen then
    add_globals(words)
  end
end

function adders.field(words, found)
  if found.chain then
    local holder, from = value.follow(found.chain)
    add_fields(words, holder, from, found.kind)
  end
end

adders.method = adders.field

function adders.string(words, found, expected)
  if found.index then
    add_keys(words, (value.follow(found.index)))
  elseif expected then
    add_values(words, expected.spec)
    if takes_file(expected) then
      paths.add(words)
    elseif expected.argument == 1 then
      add_names_of(words, expected.callee)
    end
  end
end

---Ends a string with its only word, unless its end is there or the word is a folder.
local function close(list, found, text, cursor)
  local quote = found.quote
  local is_closed = quote and text:sub(cursor + 1, cursor + #quote) == quote
  if found.kind == "string" and #list == 1 and #quote == 1 and not is_closed
    and not list[1]:find("/$") then
    list[1] = list[1] .. quote
  end
  return list
end

local function signatures(words, found, expected, width)
  local out, entry = layout.new(width), expected and expected.entry
  if entry then
    out:text(page.signature(entry))
  end
  if not entry or words.prefix ~= "" or found.kind ~= "name" or words.are_chosen then
    out:rows(words:rows(), 2)
  end
  return out.lines
end

---@class repl.Completion
---@field from integer first byte of what a word replaces; what is before the cursor ends it
---@field words string[] sorted
---@field signatures string[] lines that tell what the words are, and of which call the place is

---@param text string the chunk, as far as it is typed
---@param cursor integer bytes before the cursor
---@param width? integer columns of a signature's line; 80 unless told
---@return repl.Completion
function M.find(text, cursor, width)
  if text:find("^:") then
    return complete_command.find(text, cursor, width or WIDTH, M.find)
  end
  local found = place.find(text, cursor)
  local words = new_words(found.prefix)
  local expected = expecting.at(found)
  if adders[found.kind] then
    adders[found.kind](words, found, expected)
  end
  local list = close(words:sorted(), found, text, cursor)
  return { from = found.from, words = list, signatures = signatures(words, found,
    expected, width or WIDTH) }
end

return M
