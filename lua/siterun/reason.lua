-- What a service says went wrong, in any of the shapes that services use.
local answer = require "siterun.answer"
local json = require "c.json"

local M = {}

-- Reading more of an error page than this tells nobody anything.
local TEXT_MAX, LIST_MAX, DEEPEST = 20000, 50, 4

local MESSAGES = { "message", "Message", "error_description", "detail", "error_message", "msg",
  "title" }
local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'", nbsp = " " }

local function add(found, text)
  if #found.errors < LIST_MAX and text:find("%S") then
    found.errors[#found.errors + 1] = text
  end
end

local collect

local function collect_fields(found, t, prefix, depth)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for _, key in ipairs(keys) do
    if t[key] ~= nil then collect(found, t[key], prefix .. key .. ": ", depth + 1) end
  end
end

local function message_in(t)
  for _, key in ipairs(MESSAGES) do
    if type(t[key]) == "string" then return t[key] end
  end
end

---Collects every complaint below `value`: a text, a list, fields with lists, objects with
---messages.
function collect(found, value, prefix, depth)
  if type(value) == "string" or type(value) == "number" then
    add(found, prefix .. tostring(value))
  elseif type(value) == "table" and depth < DEEPEST then
    if #value > 0 then
      for _, item in ipairs(value) do collect(found, item, prefix, depth + 1) end
    elseif message_in(value) then
      add(found, prefix .. message_in(value))
    else
      collect_fields(found, value, prefix, depth)
    end
  end
end

local function code_in(t)
  local code = t.code
  if type(code) == "string" or type(code) == "number" then return tostring(code) end
end

local function from_object(found, t)
  local inner = type(t.error) == "table" and t.error or {}
  found.code = code_in(t) or code_in(inner)
  found.message = message_in(t) or message_in(inner) or type(t.error) == "string" and t.error
    or nil
  if type(t.message) == "table" or type(t.message) == "number" then
    collect(found, t.message, "", 1)
  end
  collect(found, t.errors or t.Errors or inner.errors or inner.details, "", 1)
  if t.error_description and type(t.error) == "string" then
    found.code = found.code or t.error
  end
end

local function from_value(found, value)
  if type(value) == "table" and #value == 0 then
    from_object(found, value)
  else
    collect(found, value, "", 0)
  end
end

local function plain(markup)
  return (markup:gsub("<[^>]*>", " "):gsub("&(%a+);", ENTITIES):gsub("%s+", " "))
end

local function from_html(found, text)
  local body = text:gsub("<[sS][cCtT][rRyY].->.-</[sS][cCtT][rRyY].->", " ")
  local title = text:match("<[tT][iI][tT][lL][eE][^>]*>(.-)</")
    or text:match("<[hH]1[^>]*>(.-)</")
  found.message = title and title:find("%S") and plain(title) or plain(body)
end

---XML is searched, not parsed: entities that a document defines are never expanded.
local function from_xml(found, text)
  for _, tag in ipairs { "error", "message" } do
    for content in text:gmatch("<" .. tag .. "[^>]*>([^<]+)</" .. tag .. ">") do
      add(found, plain(content))
    end
  end
  if #found.errors == 0 then found.message = plain(text) end
end

---Finds what an error answer says.
---@param response table status, headers, body
---@return table found message (may be nil), errors (list), code (may be nil)
function M.find(response)
  local found = { errors = {} }
  local text = answer.text(response.body):sub(1, TEXT_MAX)
  local value = json.decode(answer.text(response.body))
  if value ~= nil then
    from_value(found, value)
  elseif answer.is_html(response) then
    from_html(found, text)
  elseif answer.is_xml(response) then
    from_xml(found, text)
  else
    found.message = text
  end
  if found.message and not found.message:find("%S") then found.message = nil end
  found.message = found.message or found.errors[1]
  return found
end

return M
