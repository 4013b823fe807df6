---Errors of a session: what is said, the place in what was typed, and the name that was meant.
local chunks = require("repl.chunk")
local display = require("c.display")
local failure = require("siterun.failure")
local lexer = require("repl.lexer")
local locals = require("repl.locals")
local nearest = require("siterun.nearest")
local place = require("repl.place")
local secret = require("c.secret")
local trace = require("c.trace")
local value = require("repl.value")

local M = {}

-- Of a longer line only what is around the place is shown.
local SHOWN_MAX = 76

---What the stack shows where an error is raised.
---@class repl.Sight
---@field called? string the name of the function that the chunk had called

---A message handler that notes what it sees.
---@param sight repl.Sight
---@return fun(e: any): any
function M.handler(sight)
  return function(e)
    local level = 2
    local frame, above = debug.getinfo(level, "Sn"), nil
    while frame and not chunks.number(frame.source) do
      level, above = level + 1, frame
      frame = debug.getinfo(level, "Sn")
    end
    sight.called = frame and above and above.name
    return trace.handler(e)
  end
end

---@param text string
---@param number integer
---@return string? line
---@return integer? start its first byte in the text
local function line_of(text, number)
  local start = 1
  for _ = 2, number do
    start = (text:find("\n", start, true) or #text) + 1
  end
  local line = text:match("^[^\n]+", start)
  return line, line and start
end

---The line without the values of secrets, and the places in that.
local function hidden(line, columns)
  local moved = {}
  for i, column in ipairs(columns) do
    moved[i] = #secret.redact(line:sub(1, column - 1)) + 1
  end
  return secret.redact(line), moved
end

---The line as it is shown, and marks below it.
---@param line string
---@param columns integer[] bytes of the line, ascending
---@return string text of two lines
local function mark(line, columns)
  line, columns = hidden(line, columns)
  local from = math.max(1, (columns[1] or 1) - SHOWN_MAX // 2)
  from = utf8.offset(line, 0, from) or from
  local marks = ""
  for _, column in ipairs(columns) do
    local width = display.width(display.clean(line:sub(from, column - 1)))
    if column >= from and width < SHOWN_MAX and width >= #marks then
      marks = marks .. (" "):rep(width - #marks) .. "^"
    end
  end
  local shown = display.clean(line:sub(from))
  local stop = utf8.offset(shown, SHOWN_MAX + 1)
  return ("  %s\n  %s\n"):format(stop and shown:sub(1, stop - 1) or shown, marks)
end

---What goes before a name that the message calls a method, a field ...
local BEFORE = { method = { [":"] = true }, field = { ["."] = true } }

local function is_meant(tokens, i, name, kind)
  local token, before = tokens[i], tokens[i - 1]
  local sign = before and before.kind == "mark" and before.text
  if token.text ~= name or token.kind == "comment" then
    return false
  elseif kind == "global" or kind == "local" or kind == "upvalue" then
    return token.kind == "name" and sign ~= "." and sign ~= ":"
  end
  return not BEFORE[kind] or BEFORE[kind][sign] or token.kind == "string"
end

---@param text string of the chunk
---@param start integer of the line
---@return integer[] columns where the name is in the line
---@return integer? index of its first token
local function find_name(tokens, start, line, name, kind)
  local columns, first = {}, nil
  for i, token in ipairs(tokens) do
    local column = token.from - start + 1
    if column >= 1 and column <= #line and is_meant(tokens, i, name, kind) then
      columns[#columns + 1] = column
      first = first or i
    end
  end
  return columns, first
end

---The name that a message is about.
local function subject(message, sight)
  local kind, name = message:match("%((%l+) '([^']+)'%)")
  if name then
    return name, kind
  end
  name = message:match("to '([%w_]+)'") or message:match('"([%w_.]+)"')
  return name, nil, sight and sight.called or "error"
end

local function names_near(kind, tokens, index)
  local names, seen = {}, {}
  local function add(name)
    if type(name) == "string" and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  if kind == "global" then
    value.each(_G, add)
    for _, name in ipairs(require("repl.faces").NAMES) do
      add(name)
    end
    for name in locals.each() do
      add(name)
    end
  elseif index and (kind == "field" or kind == "method") then
    local chain = place.chain(tokens, index - 2)
    value.each(chain and value.follow(chain), add)
  end
  table.sort(names)
  return names
end

local function at_line(message)
  local number, line = message:match("^" .. chunks.PATTERN)
  return math.tointeger(number), math.tointeger(line)
end

---@param session repl.Session
---@param message string that begins with its position
---@param position string
---@return string hint
---@return string shown the place
local function locate(session, message, position, sight)
  local number, row = at_line(position .. ":")
  if not number then
    number, row = at_line(message)
  end
  local text = session.chunks[number or 0]
  local line, start = line_of(text or "", row or 1)
  if not line then
    return "", ""
  end
  local name, kind, called = subject(message, sight)
  local tokens = lexer.read(text)
  local columns, index = find_name(tokens, start, line, name, kind)
  if #columns == 0 and called then
    columns = find_name(tokens, start, line, called)
  end
  if #columns == 0 then
    columns[1] = line:find("%S") or 1
  end
  local hint = name and kind and nearest.hint(name, names_near(kind, tokens, index)) or ""
  return hint, mark(line, columns)
end

---The place is shown, so nobody needs to count chunks.
local function without_number(text)
  return (text:gsub(chunks.PATTERN, "stdin:%2:"):gsub("<stdin#%d+:", "<stdin:"))
end

---@param session repl.Session
---@param e any
---@param sight? repl.Sight
---@return string message one line
---@return string shown the message and the place
---@return string trace the frames
function M.describe(session, e, sight)
  local message, position, frames = failure.describe(e)
  local hint, shown = "", ""
  if not (failure.ours(e) and e.kind == "interrupted") then
    hint, shown = locate(session, message, position, sight)
  end
  message = without_number(message) .. hint
  return message, message .. "\n" .. shown, without_number(frames)
end

---What a text that is a mere name, and gave nil, may have meant.
---@param text string
---@return string? hint
function M.unknown(text)
  local name = text:match("^%s*=?%s*([%a_][%w_]*)%s*;?%s*$")
  local near = name and value.global(name) == nil and nearest.find(name, names_near("global"))
  return near and ("there is no %q (did you mean %q?)"):format(name, near) or nil
end

---How many bytes from its end the text is wrong: Lua reads no further.
local function left_unread(text)
  local source, at = chunks.source(text), 0
  load(function()
    at = at + 1
    return at <= #source and source:sub(at, at) or nil
  end, "=stdin", "t")
  return #source - at + 1
end

---@param text string that does not compile
---@param message string
---@return string shown
function M.describe_syntax(text, message)
  local stop = #text - left_unread(text)
  local token = message:match(" near '(.*)'$") or ""
  local from = stop - #token + 1
  if text:sub(from, stop) ~= token then
    from = math.max(stop, 1)
  end
  local before = text:sub(1, from - 1)
  local _, breaks = before:gsub("\n", "")
  local line, start = line_of(text, breaks + 1)
  local shown = line and mark(line, { from - start + 1 }) or ""
  return without_number(message) .. "\n" .. shown
end

return M
