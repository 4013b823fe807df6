---Lines of a stub: Lua with comments that editors read (LuaCATS).
local M = {}

---@class siterun.StubText
---@field lines string[]
local Text = {}
Text.__index = Text

---@return siterun.StubText
function M.new()
  return setmetatable({ lines = {} }, Text)
end

---@param form? string an empty line without it
function Text:line(form, ...)
  self.lines[#self.lines + 1] = form and form:format(...) or ""
end

---A text, as a comment.
---@param text string
function Text:comment(text)
  for line in (text .. "\n"):gmatch("(.-)\n") do
    self.lines[#self.lines + 1] = "---" .. line
  end
end

---"---@field name? type text", or @param.
---@param tag string
---@param name string
---@param is_optional boolean?
---@param type string
---@param text string
function Text:field(tag, name, is_optional, type, text)
  local said = text ~= "" and " " .. text:gsub("%s*\n%s*", " ") or ""
  self:line("---@%s %s%s %s%s", tag, name, is_optional and "?" or "", type, said)
end

---@return string
function Text:finish()
  return table.concat(self.lines, "\n") .. "\n"
end

return M
