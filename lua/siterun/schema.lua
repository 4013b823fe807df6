-- Checks a value against its declaration and brings it to the form that is sent.
local json = require "c.json"
local moment = require "siterun.moment"
local nearest = require "siterun.nearest"
local url = require "c.url"

local M = {}

---@class siterun.Check
---@field types table<string, table> the service's named types
---@field operation string
---@field fail fun(message: string) raises
---@field warn fun(message: string)

-- A path segment or header longer than this is nobody's id.
local ID_MAX, TOKEN_MAX = 500, 8192

local checkers = {}

local function kind_of(value)
  if value == json.null then return "null" end
  return math.type(value) or type(value)
end

local function expected(check, name, what, value)
  local kind = kind_of(value)
  local article = kind == "integer" and "an" or kind ~= "nil" and kind ~= "null" and "a"
  check.fail(string.format("%s must be %s, not %s", name, what,
    article and article .. " " .. kind or kind))
end

---Refuses what can't stand in a URL or header without ending it.
local function outside_body(check, spec, name, text)
  if (spec.at or "body") ~= "body" and text:find("[\r\n\0]") then
    check.fail(name .. " must not contain CR, LF or NUL")
  end
end

local function text_of(check, spec, name, value)
  if type(value) ~= "string" then expected(check, name, "a string", value) end
  outside_body(check, spec, name, value)
  if not utf8.len(value) then check.fail(name .. " is not valid UTF-8") end
  return value
end

local function trimmed(text)
  return text:match("^%s*(.-)%s*$")
end

local function is_one_of(value, list)
  for i = 1, #list do
    if value == list[i] then return true end
  end
  return false
end

local function warn_unknown(check, spec, name, value)
  if not spec.known or value:match("^%x+%-%x+%-%x+%-%x+%-%x+$") then return end
  if is_one_of(value, spec.known) then return end
  check.warn(string.format("%s %q is not one that the service documents%s; sent as it is", name,
    value,
    nearest.hint(value, spec.known)))
end

function checkers.string(check, spec, name, value)
  local text = text_of(check, spec, name, value)
  if spec.trim then text = trimmed(text) end
  if spec.required and text == "" then check.fail(name .. " must not be empty") end
  warn_unknown(check, spec, name, text)
  return text
end

local function in_range(check, spec, name, value)
  if spec.min and value < spec.min or spec.max and value > spec.max then
    check.fail(string.format("%s must be %s to %s, not %s", name, spec.min or "any number",
      spec.max or "any number", value))
  end
  return value
end

function checkers.integer(check, spec, name, value)
  local whole = type(value) == "number" and math.tointeger(value)
  if not whole then expected(check, name, "an integer", value) end
  return in_range(check, spec, name, whole)
end

function checkers.number(check, spec, name, value)
  if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then
    expected(check, name, "a number", value)
  end
  return in_range(check, spec, name, value)
end

function checkers.boolean(check, _, name, value)
  if type(value) ~= "boolean" then expected(check, name, "true or false", value) end
  return value
end

function checkers.enum(check, spec, name, value)
  if is_one_of(value, spec.values) then return value end
  local word = type(value) == "string" and trimmed(value) or value
  if is_one_of(word, spec.values) then return word end
  local shown = {}
  for i, allowed in ipairs(spec.values) do shown[i] = tostring(allowed) end
  check.fail(string.format("%s must be one of %s, not %q%s", name, table.concat(shown, ", "),
    tostring(value), nearest.hint(word, shown)))
end

---An integer, a UUID or any other word: opaque, but never a way out of its place in the path.
function checkers.id(check, _, name, value)
  local kind = type(value)
  local whole = kind == "number" and math.tointeger(value)
  if whole then
    if whole < 0 then check.fail(name .. " must not be negative") end
    return whole
  end
  if kind ~= "string" then expected(check, name, "an integer or a string", value) end
  -- Most are a path's segment as they stand, which is told faster than what is none.
  if #value <= ID_MAX and url.segment(value) == value then return value end
  if value == "" or value == "." or value == ".." or value:find("[/\\%c\x7F]")
    or #value > ID_MAX then
    check.fail(string.format("%s %q is no id", name, value:sub(1, 60)))
  end
  return value
end

function checkers.email(check, spec, name, value)
  local text = text_of(check, spec, name, value)
  if not text:match("^[^%s@]+@[^%s@]+$") then
    check.fail(name .. " must be an e-mail address")
  end
  return text
end

local function date_checker(form, accepts)
  return function(check, spec, name, value)
    local text = text_of(check, spec, name, value)
    if not accepts(text) then
      check.fail(string.format("%s must be %s and exist, not %q", name, form, text:sub(1, 60)))
    end
    return text
  end
end

checkers.date = date_checker("YYYY-MM-DD", moment.is_date)
checkers.stamp = date_checker("YYYY-MM-DD HH:MM:SS", moment.is_stamp)
checkers.moment = date_checker("YYYY-MM-DD or ISO 8601 with time", function(text)
  return moment.is_date(text) or moment.is_iso(text)
end)

---What may stand in a header: visible ASCII.
function checkers.token(check, _, name, value)
  if type(value) ~= "string" then expected(check, name, "a string", value) end
  if value == "" or #value > TOKEN_MAX or value:find("[^\x21-\x7E]") then
    check.fail(name .. " must be visible ASCII")
  end
  return value
end

---Raises unless `value` is a table with keys 1..n only.
local function sequence(check, name, value)
  if type(value) ~= "table" then expected(check, name, "a list", value) end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  if count ~= #value then check.fail(name .. " must be a list without names or gaps") end
end

---One value of a list that is sent as a single text: has no separator of its own.
local function joined(check, spec, name, list)
  local parts = {}
  for i, value in ipairs(list) do
    local text = tostring(value)
    if text:find(spec.join, 1, true) then
      check.fail(string.format("%s[%d] %q must not contain %q", name, i, text, spec.join))
    end
    parts[i] = text
  end
  return table.concat(parts, spec.join)
end

function checkers.list(check, spec, name, value)
  if spec.join and type(value) == "string" then return text_of(check, spec, name, value) end
  sequence(check, name, value)
  local element = { type = spec.of, at = spec.at }
  local out = {}
  for i, item in ipairs(value) do
    out[i] = M.check(check, element, string.format("%s[%d]", name, i), item)
  end
  return spec.join and joined(check, spec, name, out) or json.array(out)
end

local function field_names(fields)
  local names = {}
  for i, field in ipairs(fields) do names[i] = field.name end
  return names
end

local function no_strangers(check, spec, name, value)
  local names = field_names(spec.fields)
  local known = {}
  for _, field in ipairs(names) do known[field] = true end
  for key in pairs(value) do
    if not known[key] then
      check.fail(string.format("%s: unknown field %q%s", name, tostring(key),
        nearest.hint(key, names)))
    end
  end
end

function checkers.object(check, spec, name, value)
  if type(value) ~= "table" then expected(check, name, "a table", value) end
  if not spec.open then no_strangers(check, spec, name, value) end
  local out = {}
  for _, field in ipairs(spec.fields) do
    local given = value[field.name]
    if given ~= nil then
      out[field.name] = M.check(check, field, name .. "." .. field.name, given)
    elseif field.required then
      check.fail(string.format("%s.%s is missing", name, field.name))
    end
  end
  return out
end

---Values under ids or titles; siterun.lookup turns titles into ids.
function checkers.titled(check, _, name, value)
  if type(value) ~= "table" then expected(check, name, "a table", value) end
  for key in pairs(value) do
    if type(key) ~= "string" or key == "" then
      check.fail(name .. ": a field is named by its id or title")
    end
  end
  return value
end

-- Encoded separators and control characters that a server may decode into another path.
local SMUGGLED = { "%%2[fF]", "%%5[cC]", "%%[01]%x", "%%7[fF]" }

local function no_smuggling(check, name, path)
  for _, pattern in ipairs(SMUGGLED) do
    if path:find(pattern) then
      check.fail(name .. " has an encoded separator or control character")
    end
  end
  for segment in (path .. "/"):gmatch("(.-)/") do
    local plain = segment:gsub("%%2[eE]", ".")
    if plain == "" or plain == "." or plain == ".." then
      check.fail(string.format("%s %q has an empty, \".\" or \"..\" part", name,
        path:sub(1, 60)))
    end
  end
end

---A path below the service's address; may end in a query.
function checkers.path(check, _, name, value)
  if type(value) ~= "string" then expected(check, name, "a string", value) end
  local path, query = value:match("^/*([^?]*)(.*)$")
  if path == "" or value:find("[%c\x7F\\#]") or path:find("://", 1, true) then
    check.fail(string.format("%s %q is no path", name, value:sub(1, 60)))
  end
  path = path:gsub("/+$", "")
  no_smuggling(check, name, path)
  return path .. query
end

function checkers.body(check, _, name, value)
  if type(value) ~= "table" and type(value) ~= "string" then
    expected(check, name, "a table or a string", value)
  end
  return value
end

function checkers.any(_, _, _, value)
  return value
end

---Checks one value. Raises through `check.fail` and returns the value as it is to be sent.
---@param check siterun.Check
---@param spec table type and its bounds
---@param name string for messages: "requestor.email"
---@param value any not nil
---@return any
function M.check(check, spec, name, value)
  local named = check.types[spec.type]
  if named then return checkers[named.type](check, named, name, value) end
  return checkers[spec.type](check, spec, name, value)
end

return M
