-- Text from outside, made fit for one line on a person's terminal.
local M = {}

-- Invisible characters that reorder or break a line: C1 controls, zero width and direction
-- marks, line separators.
local HIDDEN = {
  "\u{2028}", "\u{2029}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{FEFF}",
  "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}",
  "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}",
}

---Replaces every byte that is not part of valid UTF-8 by "?".
---@param text string
---@return string
local function valid(text)
  local parts, at = {}, 1
  while at <= #text do
    local _, bad = utf8.len(text, at)
    if not bad then
      parts[#parts + 1] = text:sub(at)
      break
    end
    parts[#parts + 1] = text:sub(at, bad - 1) .. "?"
    at = bad + 1
  end
  return table.concat(parts)
end

---Cuts valid UTF-8 to at most `max` bytes, never inside a character.
---@param text string
---@param max integer bytes
---@return string
function M.cut(text, max)
  if #text <= max then return text end
  local stop = max - 2
  while stop > 1 and text:byte(stop) & 0xC0 == 0x80 do stop = stop - 1 end
  return text:sub(1, stop - 1) .. "..."
end

---Makes text safe to print on one line: no control or hidden characters, no runs of blanks,
---bounded.
---@param text any
---@param max? integer bytes, 400 unless told
---@return string
function M.clean(text, max)
  local s = valid(tostring(text)):gsub("\xC2[\x80-\x9F]", " ")
  for _, mark in ipairs(HIDDEN) do s = s:gsub(mark, " ") end
  s = s:gsub("[%c\x7F]", " "):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  return M.cut(s, max or 400)
end

return M
