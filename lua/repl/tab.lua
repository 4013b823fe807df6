---What Tab does: it inserts what all candidates have in common, or lists them; pressed again, it
---shows signatures.
local display = require("c.display")

local M = {}

-- Of more only the number is said.
local LISTED_MAX = 200

local last ---@type string? what was typed when Tab was pressed last

local function common_prefix(words)
  local prefix = words[1]
  for _, word in ipairs(words) do
    while word:sub(1, #prefix) ~= prefix do
      prefix = prefix:sub(1, utf8.offset(prefix, -1) - 1)
    end
  end
  return prefix
end

---@param words string[] fit for a terminal
---@param width integer columns
---@return string text
local function in_columns(words, width)
  local widest = 0
  for _, word in ipairs(words) do
    widest = math.max(widest, display.width(word))
  end
  local columns = math.max(1, (width + 2) // (widest + 2))
  local rows, lines = (#words + columns - 1) // columns, {}
  for row = 1, rows do
    local cells = {}
    for i = row, #words, rows do
      cells[#cells + 1] = words[i] .. (" "):rep(widest + 2 - display.width(words[i]))
    end
    lines[row] = table.concat(cells):gsub(" +$", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function list(words, width)
  if #words > LISTED_MAX then
    io.stdout:write(#words, " candidates\n")
    return
  end
  local shown = {}
  for i, word in ipairs(words) do
    shown[i] = display.clean(word)
  end
  io.stdout:write(in_columns(shown, width))
end

local function show_signatures(signatures)
  for _, signature in ipairs(signatures) do
    io.stdout:write(display.clean(signature, true), "\n")
  end
end

---Within a chunk Tab at the beginning of a line indents it.
local function indents(session, before)
  return before:find("\n%s*$") ~= nil or session.pending ~= "" and not before:find("%S")
end

---@param session repl.Session
---@param text string the line
---@param cursor integer bytes before the cursor
---@return integer erased characters before the cursor
---@return string? inserted
function M.press(session, text, cursor)
  if indents(session, text:sub(1, cursor)) then
    return 0, "  "
  end
  local again = last == text .. "\0" .. cursor
  local chunk, place = session.pending .. text, #session.pending + cursor
  local found = require("repl.complete").find(chunk, place, session.editor:columns())
  local typed = chunk:sub(found.from, place)
  local prefix = #found.words > 0 and common_prefix(found.words) or typed
  last = text .. "\0" .. cursor
  if prefix ~= typed and (#prefix >= #typed or #found.words == 1) then
    last = nil
    return utf8.len(typed) or 0, prefix
  elseif again or #found.words == 0 then
    show_signatures(found.signatures)
  elseif #found.words > 1 then
    list(found.words, session.editor:columns())
  end
  return 0
end

return M
