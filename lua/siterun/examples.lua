-- The recipes of examples/, as the program carries them.
local nearest = require "siterun.nearest"
local script = require "siterun.script"

local M = {}

-- Made by the build; not there where modules are read from a folder.
local MODULE = "siterun.recipes"

local function texts()
  return script.find(MODULE) and require(MODULE) or {}
end

---@return string[] sorted
function M.names()
  return nearest.keys(texts())
end

---@param name string with or without .lua
---@return string? text
function M.text(name)
  return texts()[(name:gsub("%.lua$", ""))]
end

---The first sentence of the comment at its beginning.
---@param text string
---@return string
function M.summary(text)
  local words = {}
  for line in text:gmatch "[^\n]+" do
    local comment = line:match "^%-%- ?(.*)"
    if not comment and #words > 0 then break end
    words[#words + 1] = comment
  end
  local said = table.concat(words, " ")
  return (said:match "^(.-)[.:]%f[%s\0]" or said) .. "."
end

return M
