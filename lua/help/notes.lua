---Reads what the comments of siterun's modules say of their functions and classes (LuaCATS).
local file = require("c.file")
local notes = require("c.notes")

local M = {}

---@class help.Note a function, a value or a class
---@field name string "map"; of a class "http.Options"
---@field holder? string what it is a field of in the source: "M", "Task"
---@field colon? boolean is it called with a colon?
---@field text string
---@field params help.NoteField[]
---@field returns help.NoteField[]
---@field fields help.NoteField[] of a class
---@field type? string of a value
---@field parent? string of a class
---@field tags table<string, true> "async", "private"
---@field lines string[] the comment as it stands
---@field head string the line that it is about

---@class help.NoteField
---@field name? string
---@field type string
---@field text string
---@field optional? boolean

---@class help.Module
---@field text string
---@field notes help.Note[] of its functions and values
---@field classes table<string, help.Note>

-- What goes on inside of a type: after these a blank does not end it.
local OPENS = { ["("] = ")", ["{"] = "}", ["<"] = ">", ["["] = "]" }

local function skip_atom(text, at)
  local char = text:sub(at, at)
  if OPENS[char] then
    local _, last = text:find("^%b" .. char .. OPENS[char], at)
    return (last or #text) + 1
  elseif char == '"' then
    return (text:find('"', at + 1, true) or #text) + 1
  end
  return at + 1
end

---Splits "fun(a: b): c, text" into a type and the rest.
local function take_type(text)
  local at = 1
  while at <= #text do
    if text:find("^%s", at) then
      local before = text:sub(at - 1, at - 1)
      local goes_on = before == ":" or before == "|" or before == ","
      if not goes_on then
        break
      end
    end
    at = skip_atom(text, at)
  end
  return text:sub(1, at - 1), (text:sub(at):gsub("^%s+", ""))
end

local function take_named(note, list, rest)
  local name, optional, more = rest:match("^([%w_.]+)(%??)%s+(.*)$")
  local kind, text = take_type(more or rest)
  local field = { name = name, type = kind, text = text, optional = optional == "?" }
  table.insert(note[list], field)
  return field
end

local takers = {}

function takers.param(note, rest)
  return take_named(note, "params", rest)
end

function takers.field(note, rest)
  return take_named(note, "fields", rest)
end

takers["return"] = function(note, rest)
  local kind, more = take_type(rest)
  local name, text = more:match("^(%S+)%s*(.*)$")
  local field = { name = name, type = kind, text = text or "" }
  table.insert(note.returns, field)
  return field
end

function takers.type(note, rest)
  note.type = rest
end

function takers.class(note, rest)
  local name, parent, text = rest:match("^([%w_.]+):?%s*([%w_.]*)%s*(.*)$")
  if not rest:find("^[%w_.]+:") then
    parent, text = nil, rest:match("^[%w_.]+%s*(.*)$")
  end
  note.name, note.parent, note.text = name, parent, text
end

function takers.alias(note, rest)
  note.name = rest:match("^[%w_.]+")
end

local function join(before, more)
  if more == "" then
    return before .. "\n"
  end
  return before == "" and more or before .. (before:find("\n$") and "" or " ") .. more
end

---One line of a comment; `last` is what it may go on with.
local function take_line(note, line, last)
  local tag, rest = line:match("^@([%w_-]+)%s*(.*)$")
  if not tag then
    local target = last or note
    target.text = join(target.text, line)
    return last
  end
  note.tags[tag] = true
  return takers[tag] and takers[tag](note, rest)
end

---The parameters and results of a value of type "async fun(url: string): siterun.Response".
local function take_function(note)
  local inner, rest = (note.type or ""):match("^[async ]*fun%((.*)%)(.*)$")
  if not inner then
    return
  end
  for name, optional, type in inner:gmatch("([%w_]+)(%??):%s*([^,]+)") do
    local param = { name = name, type = type, text = "", optional = optional == "?" }
    table.insert(note.params, param)
  end
  local type = rest:match("^:%s*(.+)$")
  note.returns[1] = type and { type = type, text = "" }
end

local function new_note(lines, head)
  local note = { text = "", params = {}, returns = {}, fields = {}, tags = {}, lines = lines,
    head = head }
  local last
  for _, line in ipairs(lines) do
    last = take_line(note, line, last)
  end
  take_function(note)
  local holder, mark, name = head:match("^function ([%a_]+)([.:])([%w_]+)%(")
  if not holder then
    holder, mark, name = head:match("^([%a_]+)(%.)([%w_]+) = ")
  end
  note.holder, note.colon = holder, mark == ":"
  note.name = note.name or name
  return note
end

local function add(module, note)
  if note.tags.class or note.tags.alias then
    module.classes[note.name] = note
  elseif note.holder then
    table.insert(module.notes, note)
  end
end

---@param text string source, or the part of it that c.notes keeps
---@return help.Module
function M.parse(text)
  local module = { text = "", notes = {}, classes = {} }
  local lines, is_first = {}, true
  for line in (text .. "\n"):gmatch("(.-)\n") do
    local comment = line:match("^%s*%-%-%-(.*)$") or is_first and line:match("^%-%-%s*(.*)$")
    if comment then
      lines[#lines + 1] = comment
    elseif #lines > 0 then
      local note = new_note(lines, line:gsub("^%s+", ""))
      module.text = is_first and note.text or module.text
      add(module, note)
      lines = {}
    end
    is_first = is_first and comment ~= nil
  end
  return module
end

---The source of a module where it is read from a folder (SITERUN_LUA), else its notes.
local function source(name)
  local folder = os.getenv("SITERUN_LUA")
  if not folder then
    return notes.of(name)
  end
  local path = folder .. "/lua/" .. name:gsub("%.", "/")
  return (file.read(path .. ".lua") or file.read(path .. "/init.lua"))
end

local modules = {}

---What is said of an embedded module.
---@param name string
---@return help.Module? nil where there is no such module
function M.module(name)
  if modules[name] == nil then
    local text = source(name)
    modules[name] = text and M.parse(text) or false
  end
  return modules[name] or nil
end

---A class of any embedded module.
---@param name string
---@return help.Note?
function M.class(name)
  for _, module in ipairs(notes.modules()) do
    local text = not modules[module] and notes.of(module) or ""
    local is_named = text:find("@class " .. name, 1, true)
      or text:find("@alias " .. name, 1, true)
    if modules[module] or is_named then
      local class = M.module(module).classes[name]
      if class then
        return class
      end
    end
  end
end

return M
