---Where in Lua text the cursor is: in which name or string, behind which expression, in which
---arguments of which calls.
local lexer = require("repl.lexer")

local M = {}

---@class repl.Step what an expression does to the value before it
---@field name? string a field's name; of the first step the name of a variable
---@field index? string|integer
---@field call? boolean
---@field argument? string of a call with one string
---@field first? boolean

---@class repl.Frame an open bracket around the cursor
---@field mark "("|"{"|"["
---@field callee? repl.Step[] of the function whose arguments it opens
---@field argument integer which of the elements inside the cursor is at
---@field position? integer which element of the bracket around it this one is
---@field given table<string, true> names that have a value in this table
---@field key? string the name, in the table around it, whose value this bracket begins
---@field at_key boolean can a name of the table stand at the cursor?

---@class repl.Place
---@field kind "name"|"field"|"method"|"string"|"none"
---@field prefix string what is there of the word
---@field from integer where the word begins
---@field chain? repl.Step[] what is before the "." or ":"
---@field frames repl.Frame[] the innermost is the last
---@field key? string the name whose value the cursor is at
---@field callee? repl.Step[] of a call with this string and no parentheses
---@field quote? string of a string
---@field index? repl.Step[] the expression of whose index the string is the beginning

local OPENS = { ["("] = true, ["{"] = true, ["["] = true }
local CLOSES = { [")"] = "(", ["}"] = "{", ["]"] = "[" }

local function is_mark(token, text)
  return token ~= nil and token.kind == "mark" and token.text == text
end

---Where the bracket that closes at `i` opens.
local function opening(tokens, i)
  local depth = 0
  for k = i, 1, -1 do
    local text = tokens[k].kind == "mark" and tokens[k].text
    if CLOSES[text] then
      depth = depth + 1
    elseif OPENS[text] then
      depth = depth - 1
      if depth == 0 then
        return k
      end
    end
  end
end

local function index_step(tokens, first, last)
  local inner = tokens[first + 1]
  if last - first ~= 2 or inner.kind ~= "string" and inner.kind ~= "number" then
    return nil
  end
  local number = inner.kind == "number" and math.tointeger(tonumber(inner.text))
  return { index = number or inner.text }
end

local function call_step(tokens, first, last)
  local inner = tokens[first + 1]
  local single = last - first == 2 and inner.kind == "string"
  return { call = true, argument = single and inner.text or nil }
end

---The step that ends at token `i`, and the token before it; nothing where no expression ends.
local function step_before(tokens, i)
  local token = tokens[i]
  if token.kind == "name" then
    local before = tokens[i - 1]
    local is_field = is_mark(before, ".") or is_mark(before, ":")
    return { name = token.text, first = not is_field }, is_field and i - 2 or i - 1
  elseif token.kind == "string" and not token.open then
    return { call = true, argument = token.text }, i - 1
  elseif token.kind ~= "mark" or not CLOSES[token.text] then
    return nil
  end
  local first = opening(tokens, i)
  if not first then
    return nil
  end
  local make = token.text == "]" and index_step or call_step
  return make(tokens, first, i), first - 1
end

---The expression that ends with token `i`, as steps from its first name on.
---@param tokens repl.Token[]
---@param i integer
---@return repl.Step[]? chain nil where it is none that can be followed
function M.chain(tokens, i)
  local steps = {}
  while i >= 1 do
    local step, before = step_before(tokens, i)
    if not step then
      return nil
    end
    table.insert(steps, 1, step)
    if step.first then
      return steps
    end
    i = before
  end
end

---The name whose value begins behind token `i`: of `name =` or `["name"] =`.
local function key_before(tokens, i)
  if not is_mark(tokens[i], "=") then
    return nil
  end
  local last = tokens[i - 1]
  if last and last.kind == "name" then
    return last.text
  end
  local inner = is_mark(last, "]") and is_mark(tokens[i - 3], "[") and tokens[i - 2]
  return inner and inner.kind == "string" and inner.text or nil
end

local function open_frame(tokens, i, outer)
  local frame = { mark = tokens[i].text, argument = 1, given = {} }
  frame.key = key_before(tokens, i - 1)
  if frame.mark ~= "[" and i > 1 then
    frame.callee = M.chain(tokens, i - 1)
  end
  if not frame.callee and outer then
    frame.position = outer.argument
  end
  return frame
end

local function take(frames, tokens, i)
  local text, top = tokens[i].text, frames[#frames]
  if OPENS[text] then
    frames[#frames + 1] = open_frame(tokens, i, top)
  elseif CLOSES[text] then
    if top and top.mark == CLOSES[text] then
      frames[#frames] = nil
    end
  elseif top and (text == "," or text == ";") then
    top.argument = top.argument + 1
  elseif top and text == "=" then
    local key = key_before(tokens, i)
    if key then
      top.given[key] = true
    end
  end
end

local function frames_of(tokens, last)
  local frames = {}
  for i = 1, last do
    if tokens[i].kind == "mark" then
      take(frames, tokens, i)
    end
  end
  return frames
end

---Names that get a value behind the cursor, in the innermost table.
local function take_rest(frame, text)
  local tokens, depth = lexer.read(text), 0
  for i, token in ipairs(tokens) do
    local mark = token.kind == "mark" and token.text
    depth = depth + (OPENS[mark] and 1 or CLOSES[mark] and -1 or 0)
    if depth < 0 then
      return
    elseif depth == 0 and mark == "=" then
      frame.given[key_before(tokens, i) or ""] = true
    end
  end
end

local function string_place(place, tokens, last, token)
  place.kind, place.prefix = "string", token.text
  place.from, place.quote = token.to - #token.text + 1, token.quote
  local before = tokens[last]
  if is_mark(before, "[") then
    place.index = last > 1 and M.chain(tokens, last - 1) or nil
  elseif before and (before.kind == "name" or is_mark(before, ")") or is_mark(before, "]")) then
    place.callee = M.chain(tokens, last)
  end
end

local function word_place(place, tokens, last)
  local before = tokens[last]
  local is_field, is_method = is_mark(before, "."), is_mark(before, ":")
  place.kind = is_method and "method" or is_field and "field" or "name"
  if is_field or is_method then
    place.chain = last > 1 and M.chain(tokens, last - 1) or nil
  end
  local frame = place.frames[#place.frames]
  if frame and frame.mark == "{" then
    frame.at_key = is_mark(before, "{") or is_mark(before, ",") or is_mark(before, ";")
  end
end

local function is_inside(token)
  return token.open or token.kind == "number"
end

---@param text string
---@param cursor integer bytes before the cursor
---@return repl.Place
function M.find(text, cursor)
  local tokens = lexer.read(text:sub(1, cursor))
  local last, token = #tokens, tokens[#tokens]
  local touches = token and token.to == cursor
  local is_word = touches and (token.kind == "name" or token.kind == "keyword")
  local inside = touches and is_inside(token)
  if is_word or inside then
    last = last - 1
  end
  local place = { kind = "none", prefix = "", from = cursor + 1 }
  place.frames = frames_of(tokens, last)
  place.key = key_before(tokens, last)
  if inside and token.kind == "string" then
    string_place(place, tokens, last, token)
  elseif not inside then
    place.prefix = is_word and token.text or ""
    place.from = cursor - #place.prefix + 1
    word_place(place, tokens, last)
  end
  if #place.frames > 0 then
    take_rest(place.frames[#place.frames], text:sub(cursor + 1))
  end
  return place
end

return M
