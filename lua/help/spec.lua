-- What a value of a call may be, in one form for those that explain and complete it: from the
-- declarations' parameters and from the types of comments.
local notes = require "help.notes"

local M = {}

---@class help.Spec
---@field name? string
---@field type string in words
---@field text string
---@field needed? boolean
---@field default? any
---@field example? any
---@field values? any[] all or some of what it may be
---@field fields fun(): help.Spec[] of a table; empty where nothing is known of them
---@field element? help.Spec of a list

local function no_fields() return {} end

---Values as Lua writes them: `"asc" | "desc"`.
---@param values any[]
---@param mark? string what parts them; " | " unless told
---@return string
function M.alternatives(values, mark)
  local words = {}
  for i, value in ipairs(values) do
    words[i] = type(value) == "string" and string.format("%q", value) or tostring(value)
  end
  return table.concat(words, mark or " | ")
end

local function in_range(param, text)
  if param.min and param.max then
    return string.format("%s %s to %s", text, param.min, param.max)
  end
  return param.min and string.format("%s from %s", text, param.min) or text
end

---A parameter's type in words: "integer 1 to 1000", "list of tag".
---@param param siterun.Param
---@return string
function M.words(param)
  if param.type == "enum" then return M.alternatives(param.values) end
  return in_range(param, param.of and "list of " .. param.of or param.type)
end

---@param service siterun.Service
---@param params siterun.Param[]
---@return help.Spec[]
function M.of_params(service, params)
  local list = {}
  for i, param in ipairs(params) do list[i] = M.of_param(service, param) end
  return list
end

---@param service siterun.Service
---@param param siterun.Param
---@return help.Spec
function M.of_param(service, param)
  local fields = (service.types[param.type] or param).fields
  return {
    name = param.name, type = M.words(param), text = param.text or "",
    needed = param.required, default = param.default, example = param.example,
    values = param.values or param.known,
    fields = fields and function() return M.of_params(service, fields) end or no_fields,
    element = param.of and M.of_param(service, { type = param.of }) or nil,
  }
end

---The settings of a service, as options of its connect.
---@param service siterun.Service
---@return help.Spec[]
function M.of_settings(service)
  local list = {}
  for i, setting in ipairs(service.settings) do
    list[i] = {
      name = setting.name, type = M.words(setting), text = setting.text,
      default = setting.default, values = setting.values, fields = no_fields,
    }
  end
  return list
end

---The values of `"a"|"b"`.
local function literals(type)
  local values = {}
  for part in (type .. "|"):gmatch "%s*(.-)%s*|" do
    values[#values + 1] = part:match '^"(.*)"$'
  end
  return #values > 0 and values or nil
end

---The fields of `{limit?: integer, name: string}`.
local function inline_fields(type)
  local list = {}
  for name, optional, kind in type:gmatch "([%a_][%w_]*)(%??):%s*([^,}]+)" do
    list[#list + 1] = M.of_field { name = name, type = kind, text = "",
      optional = optional == "?" }
  end
  return list
end

local function class_fields(class)
  local list = {}
  for i, field in ipairs(class.fields) do list[i] = M.of_field(field) end
  return list
end

local function fields_of(type)
  if type:find "^{%s*[%a_]" then return inline_fields(type) end
  local class = type:find "^[%w_]+[%w_.]*$" and notes.class(type)
  return class and class_fields(class) or {}
end

---@param field help.NoteField
---@return help.Spec
function M.of_field(field)
  local type = field.type:gsub("%?$", "")
  local element = type:match "^([%w_.]+)%[%]$"
  return {
    name = field.name, type = type, text = field.text,
    needed = not field.optional and type == field.type,
    values = literals(type),
    fields = function() return fields_of(type) end,
    element = element and M.of_field { type = element, text = "" } or nil,
  }
end

return M
