-- XML as plain values, so that it reads as the JSON of the same service would.
--
-- An element is, in this order:
--   a list      when it says type="array", or when its name is the plural of that of all its
--               children: <errors><error>..</error></errors>
--   an object   when it has child elements; a name that is repeated holds a list of values
--   json.null   when it says nil="true"
--   a number    when it says type="integer" or "float" and its text is one
--   a boolean   when it says type="boolean" and its text is one
--   its text    else; an empty element is ""
-- Attributes other than these two are in `_attr` and make an object of any element; text beside
-- them or beside children is in `_text`. `encode` writes what `decode` reads back the same, but
-- for an empty object, which comes back as "".
local json = require "json"
local lxp = require "lxp"
local errors = require "siterun.errors"

local M = {}

local DEPTH_MAX = 100
local SIZE_MAX = 32 * 1024 * 1024 -- bytes

local TYPES = {
  array = true, boolean = true, date = true, datetime = true, decimal = true, float = true,
  integer = true, string = true,
}

local CONVERSIONS = {
  integer = function(text)
    return text:find "^%s*[+-]?%d+%s*$" and math.tointeger(tonumber(text))
  end,
  float = function(text)
    return text:find "^%s*[-+%d.eE]+%s*$" and tonumber(text) and tonumber(text) + 0.0
  end,
  boolean = function(text)
    local word = text:match "^%s*(%w+)%s*$"
    if word == "true" or word == "1" then return true end
    if word == "false" or word == "0" then return false end
  end,
}

---Is this the plural of that, as services write it ("companies" of "company")?
---@param plural string
---@param name string
---@return boolean
local function is_plural(plural, name)
  return plural == name .. "s" or plural == name .. "es"
    or name:find "y$" ~= nil and plural == name:gsub("y$", "ies")
end

---What the items of a list with this name are called.
---@param name string
---@return string
local function singular(name)
  local stem = name:match "^(.+)ies$"
  if stem then return stem .. "y" end
  return name:match "^(.+[sx])es$" or name:match "^(.+)s$" or "item"
end

local function leaf(node)
  if node.attr["nil"] == "true" then return json.null end
  local text = table.concat(node.text)
  local convert = CONVERSIONS[node.attr.type]
  local value = convert and convert(text)
  if value == nil or value == false and node.attr.type ~= "boolean" then return text end
  return value
end

-- The attributes that are no hints on the value, or nil.
local function further_attributes(node)
  local further
  for _, name in ipairs(node.attr) do
    local hint = name == "type" and TYPES[node.attr.type] or name == "nil"
    if not hint then
      further = further or {}
      further[name] = node.attr[name]
    end
  end
  return further
end

local function is_list(node)
  if node.attr.type == "array" then return true end
  for _, child in ipairs(node) do
    if not is_plural(node.name, child.name) then return false end
  end
  return #node > 0
end

local function list(node)
  local out = json.array {}
  for i, child in ipairs(node) do out[i] = child.value end
  return out
end

local function fields(node)
  local out, counts = {}, {}
  for _, child in ipairs(node) do
    local name = child.name
    counts[name] = (counts[name] or 0) + 1
    if counts[name] == 1 then
      out[name] = child.value
    else
      if counts[name] == 2 then out[name] = json.array { out[name] } end
      out[name][counts[name]] = child.value
    end
  end
  return out
end

local function value_of(node)
  local attributes = further_attributes(node)
  local text = table.concat(node.text)
  local blank = not text:find "%S"
  if not attributes and blank and is_list(node) then return list(node) end
  if not attributes and #node == 0 then return leaf(node) end
  local out = fields(node)
  out._attr = attributes
  if not blank or #node == 0 then out._text = #node == 0 and leaf(node) or text end
  return out
end

-- Stops the parser; the first reason counts. Some handlers may still be called after it.
local function refuse(state, parser, reason)
  state.refused = state.refused or reason
  parser:stop()
end

local function handlers(state)
  local open = state.open
  return {
    StartElement = function(parser, name, attributes)
      if #open > DEPTH_MAX then
        return refuse(state, parser, "nested deeper than " .. DEPTH_MAX)
      end
      open[#open + 1] = { name = name, attr = attributes, text = {} }
    end,
    EndElement = function()
      if state.refused then return end
      local node = table.remove(open)
      local parent = open[#open]
      parent[#parent + 1] = { name = node.name, value = value_of(node) }
    end,
    CharacterData = function(_, text)
      local node = open[#open]
      node.text[#node.text + 1] = text
    end,
    StartDoctypeDecl = function(parser)
      refuse(state, parser,
        "a document type declaration (it could define entities) is not accepted")
    end,
  }
end

local function fail(reason, line, column)
  local place = line and string.format(" at line %d, column %d", line, column) or ""
  return nil, "invalid XML" .. place .. ": " .. reason, line, column
end

---Reads an XML document; the mapping is at the top of this file. Not accepted: what is not
---well-formed or not in its encoding, a document type declaration (so no entity can be
---defined), more than 100 elements inside each other, more than 32 MiB.
---@param text string
---@return any value of the root element, or nil
---@return string? problem
---@return integer? line of the problem
---@return integer? column
function M.decode(text)
  if #text > SIZE_MAX then return fail("more than 32 MiB") end
  local state = { open = { { name = "", text = {} } } }
  local parser = lxp.new(handlers(state))
  local ok, reason, line, column = parser:parse(text)
  if ok then ok, reason, line, column = parser:parse() end
  if not ok then return fail(state.refused or reason, line, column) end
  return state.open[1][1].value
end

local function refuse_value(path, reason)
  errors.raise { kind = "usage", message = path .. ": " .. reason, hint = "correct the value" }
end

-- XML 1.0 has no way to write these, not even escaped.
local function check_text(text, path)
  local _, bad = utf8.len(text)
  if bad then refuse_value(path, "the string is not UTF-8 (byte " .. bad .. ")") end
  local control = text:find "[%z\1-\8\11\12\14-\31]" or text:find "\xEF\xBF[\xBE\xBF]"
  if control then
    refuse_value(path, "the string holds a character that XML cannot (byte " .. control .. ")")
  end
end

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\r"] = "&#13;" }
local ATTRIBUTE_ESCAPES = {
  ["&"] = "&amp;", ["<"] = "&lt;", ['"'] = "&quot;", ["\r"] = "&#13;", ["\n"] = "&#10;",
  ["\t"] = "&#9;",
}

local function check_name(name, path)
  if type(name) ~= "string" or not name:find "^[%a_][%w_.-]*$" then
    refuse_value(path, tostring(name) .. " cannot name an XML element")
  end
end

local function attributes_of(value, path)
  local out = {}
  for name, text in pairs(value) do
    check_name(name, path)
    check_text(tostring(text), path .. "." .. name)
    local escaped = tostring(text):gsub('[&<"\r\n\t]', ATTRIBUTE_ESCAPES)
    out[#out + 1] = string.format(' %s="%s"', name, escaped)
  end
  table.sort(out)
  return table.concat(out)
end

-- The attributes and the text of a value that is no table.
local function scalar(value, path)
  if value == json.null then return ' nil="true"', "" end
  local kind = math.type(value) or type(value)
  if kind == "string" then
    check_text(value, path)
    return "", (value:gsub("[&<>\r]", ESCAPES))
  end
  if kind == "boolean" or kind == "integer" then
    return ' type="' .. kind .. '"', tostring(value)
  end
  if kind ~= "float" or value - value ~= 0 then
    refuse_value(path, tostring(value) .. " cannot be XML")
  end
  return ' type="float"', json.encode(value)
end

local write

local function write_list(out, name, value, path)
  out[#out + 1] = "<" .. name .. ' type="array">'
  for i, item in ipairs(value) do
    write(out, singular(name), item, path .. "[" .. i .. "]")
  end
  out[#out + 1] = "</" .. name .. ">"
end

local function write_object(out, name, value, path)
  local hint, text = "", ""
  if value._text ~= nil then hint, text = scalar(value._text, path) end
  out[#out + 1] = "<" .. name .. hint .. attributes_of(value._attr or {}, path) .. ">" .. text
  local names = {}
  for key in pairs(value) do
    check_name(key, path)
    if key ~= "_attr" and key ~= "_text" then names[#names + 1] = key end
  end
  table.sort(names)
  for _, key in ipairs(names) do write(out, key, value[key], path .. "." .. key) end
  out[#out + 1] = "</" .. name .. ">"
end

function write(out, name, value, path)
  if select(2, path:gsub("[.[]", "")) >= DEPTH_MAX then
    refuse_value(path:sub(1, 60) .. "...", "nested deeper than " .. DEPTH_MAX)
  end
  if type(value) ~= "table" then
    local hint, text = scalar(value, path)
    out[#out + 1] = "<" .. name .. hint .. ">" .. text .. "</" .. name .. ">"
  elseif json.is_array(value) then
    write_list(out, name, value, path)
  else
    write_object(out, name, value, path)
  end
end

---Writes a value as an XML document. Raises a usage error that names the path to what XML
---cannot hold.
---@param value any
---@param root string the name of the root element
---@return string
function M.encode(value, root)
  check_name(root, "the root")
  local out = { '<?xml version="1.0" encoding="UTF-8"?>\n' }
  write(out, root, value, root)
  return table.concat(out)
end

return M
