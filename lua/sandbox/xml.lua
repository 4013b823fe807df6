---The little XML that TeamWork Live speaks: records as elements, their fields as elements of
---text.
local json = require("c.json")
local lxp = require("lxp")

local M = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

---@param text any
---@return string
function M.escape(text)
  return (tostring(text):gsub("[&<>]", ENTITIES))
end

---@param name string
---@param record table<string, any>
---@return string
function M.record(name, record)
  local fields = {}
  for field in pairs(record) do
    fields[#fields + 1] = field
  end
  table.sort(fields)
  local parts = { "<" .. name .. ">" }
  for _, field in ipairs(fields) do
    local value = record[field]
    parts[#parts + 1] = value == json.null and ("<%s/>"):format(field)
      or ("<%s>%s</%s>"):format(field, M.escape(value), field)
  end
  parts[#parts + 1] = "</" .. name .. ">"
  return table.concat(parts)
end

---@param name string of the outer element
---@param inner string
---@return string
function M.document(name, inner)
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<%s>%s</%s>\n'):format(name, inner, name)
end

---@param text string
---@return string|nil name of the outer element
---@return table<string, string>|string texts of the elements inside it, or what is wrong
function M.parse(text)
  local depth, outer, field, fields = 0, nil, nil, {}
  local parser = lxp.new {
    StartElement = function(_, name)
      depth = depth + 1
      outer = outer or name
      field = depth == 2 and name or field
      fields[field or ""] = depth == 2 and "" or fields[field or ""]
    end,
    EndElement = function() depth = depth - 1 end,
    CharacterData = function(_, data)
      if depth == 2 then
        fields[field] = fields[field] .. data
      end
    end,
    StartDoctypeDecl = function() error("a document type is not allowed", 0) end,
  }
  local called, ok, message = pcall(function()
    local fine, problem = parser:parse(text)
    return fine and parser:parse(), problem
  end)
  if not called or not ok then
    return nil, tostring(called and (message or "it ends too early") or ok)
  end
  return outer, fields
end

return M
