---The stub of a module, from the comments of its source.
local new_text = require("siterun.stubs.text").new
local notes = require("help.notes")

local M = {}

---@param out siterun.StubText
---@param note help.Note
---@param holder string
function M.add_note(out, note, holder)
  out:comment(table.concat(note.lines, "\n"))
  local names = note.head:match("^function .-(%(.*%))$")
  if names then
    out:line("function %s%s%s%s end", holder, note.colon and ":" or ".", note.name, names)
  elseif note.type and note.type:find("fun(", 1, true) then
    local list = {}
    for i, param in ipairs(note.params) do
      list[i] = param.name
    end
    out:line("%s.%s = function(%s) end", holder, note.name, table.concat(list, ", "))
  else
    out:line("%s.%s = {}", holder, note.name)
  end
  out:line()
end

---@param name string
---@return string Lua
function M.make(name)
  local module, out = notes.module(name), new_text()
  out:line("---@meta %s", name)
  out:line()
  out:comment(module.text)
  if (getmetatable(require(name)) or {}).__call then
    out:line("---@overload fun(...: any)")
  end
  out:line("local %s = {}", name)
  out:line()
  for _, note in ipairs(module.notes) do
    if note.holder == "M" and not note.tags.private then
      M.add_note(out, note, name)
    end
  end
  out:line("return %s", name)
  return out:finish()
end

return M
