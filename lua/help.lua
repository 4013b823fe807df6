---Help on services, calls, modules and topics: help(tk.tickets.create), help "ticketing",
---help "limits". In a session it is a global.
local errors = require("siterun.errors")
local json = require("c.json")
local known = require("help.known")
local layout = require("help.layout")
local lookup = require("help.lookup")
local origin = require("siterun.origin")
local page = require("help.page")
local secret = require("c.secret")
local terminal = require("c.terminal")

local M = {}

-- Columns, unless told; wider lines are hard to read.
local WIDTH = 80

---The columns of the screen that the text is for.
local function screen_width()
  return math.min(WIDTH, terminal.size("stdout") or WIDTH)
end

local function overview(width)
  local out = layout.new(width)
  for _, group in ipairs(lookup.groups()) do
    out:line(group.title)
    out:rows(group.rows, 2)
    out:line()
  end
  out:text("help \"NAME\" tells of one of these; help(tk.tickets.create) of a call, "
    .. "help(value) of what it is.")
  return out:finish()
end

local function of_name(name, width)
  local text = lookup.page(name, width)
  if text then
    return text
  end
  local near = lookup.nearest(name)
  if near then
    return ("There is no help on %q. The nearest is %q:\n\n"):format(name, near)
      .. lookup.page(near, width)
  end
  return ("There is no help on %q. help() lists what there is.\n"):format(name)
end

local function of_error(e, width)
  local out = layout.new(width)
  out:text(tostring(e))
  local rows = {}
  for _, field in ipairs(require("help.notes").class("siterun.Error").fields) do
    if e[field.name] ~= nil and type(e[field.name]) ~= "table" then
      rows[#rows + 1] = { field.name, tostring(e[field.name]) }
    end
  end
  out:rows(rows, 2)
  return out:finish()
end

local KINDS = {
  {
    is = function(value) return value == json.null end,
    text = "json.null: what a service sent as null. It is not nil, so it counts as true.",
  },
  {
    is = secret.is,
    text = "A secret's handle: connect and headers of http take it, nothing reads it.",
  },
}

local function of_other(value)
  for _, kind in ipairs(KINDS) do
    if kind.is(value) then
      return kind.text .. "\n"
    end
  end
  if value == nil then
    return "nil: nothing has this name or field. help() lists what there is.\n"
  elseif type(value) == "function" then
    return "A function of your own or of Lua's library (https://www.lua.org/manual/5.4/).\n"
  end
  return ("A %s. help() lists what there is help on.\n"):format(type(value))
end

local function of_value(value, width)
  local from = origin.of(value)
  if from and from.resource then
    return page.of_resource(from.service, from.resource, width)
  elseif from and from.client then
    return page.of_service(from.service, width)
  end
  local entry = known.entry(value, from)
  local name = not entry and type(value) == "table" and known.module(value)
  return entry and page.of_entry(entry, width)
    or name and lookup.page(name, width)
    or errors.is(value) and of_error(value, width)
    or of_other(value)
end

---The help on something, as text.
---@param subject any a name, or a function, client, resource, module or error
---@param width? integer columns; 80 unless told
---@return string text ends in a newline
function M.text(subject, width)
  width = width or WIDTH
  if type(subject) == "string" then
    return of_name(subject, width)
  end
  return of_value(subject, width)
end

---The overview of everything that there is help on.
---@param width? integer columns; 80 unless told
---@return string text ends in a newline
function M.overview(width)
  return overview(width or WIDTH)
end

---Names that help takes.
---@return string[]
function M.names()
  return lookup.names()
end

return setmetatable(M, {
  __call = function(_, ...)
    local width = screen_width()
    local text = select("#", ...) == 0 and M.overview(width) or M.text((...), width)
    io.stdout:write(text)
  end,
})
