-- Values as other programs read them: json, ndjson, csv; and table.
local display = require "c.display"
local errors = require "siterun.errors"
local json = require "json"
local nearest = require "siterun.nearest"
local sequence = require "view.sequence"
local settings = require "siterun.settings"
local terminal = require "c.terminal"

local M = {}

local function fail(form, ...)
  errors.raise { kind = "usage", message = form:format(...), hint = "correct the value" }
end

-- A full disk ends a long list at once, and not when all of it was read.
local function check(written, reason)
  if not written then error("cannot write the output: " .. reason, 0) end
end

---JSON has no control characters but these, which some terminals obey.
local function encode(value)
  local text = json.encode(value)
  if not text:find("[\x7F\xC2]") then return text end
  return (text:gsub("\x7F", "\\u007f"):gsub("\xC2([\x80-\x9F])", function(byte)
    return ("\\u%04x"):format(byte:byte())
  end))
end

local function is_iterator(value)
  if type(value) == "function" then return true end
  local meta = debug.getmetatable(value)
  return type(value) ~= "string" and type(meta) == "table" and rawget(meta, "__call") ~= nil
end

local function warn_of_pages(value)
  local token = rawget(value, "continuationToken")
  if token and token ~= json.null and not settings.quiet then
    io.stderr:write("siterun: this is one page, and there are more: each and all read them\n")
  end
end

---The items of a page, which is an object with a list called `items`.
local function items_of_page(value)
  local items = type(value) == "table" and rawget(value, "items")
  if type(items) ~= "table" or not json.is_array(items) then return nil end
  warn_of_pages(value)
  return items
end

---What a value consists of, one after the other.
---@param value any
---@param rest table packed
---@return fun(): any ... for `for`
local function items_of(value, rest)
  if is_iterator(value) then return value, table.unpack(rest, 1, 3) end
  local list = items_of_page(value) or value
  if type(list) == "table" and json.is_array(list) then
    local at = 0
    return function()
      at = at + 1
      return rawget(list, at)
    end
  end
  local is_done = value == nil
  return function()
    if is_done then return nil end
    is_done = true
    return value
  end
end

local function collect(value, rest)
  local list = {}
  for item in items_of(value, rest) do list[#list + 1] = item end
  return list
end

local writers = {}

function writers.json(value, rest, out)
  if value == nil then value = json.null end
  if not is_iterator(value) then return out:write(encode(value), "\n") end
  local before = "["
  for item in items_of(value, rest) do
    check(out:write(before, encode(item)))
    check(out:flush())
    before = ","
  end
  out:write(before == "[" and "[]\n" or "]\n")
end

function writers.ndjson(value, rest, out)
  local is_live = is_iterator(value)
  for item in items_of(value, rest) do
    check(out:write(encode(item), "\n"))
    if is_live then check(out:flush()) end
  end
end

function writers.csv(value, rest, out)
  local is_seen = out == io.stdout and terminal.is("stdout")
  require("view.csv").write(collect(value, rest), function(text)
    out:write(is_seen and display.clean(text, true):gsub("\\r\n", "\n") or text)
  end, function(message) fail("csv: %s", message) end)
end

-- Wide enough for whatever is there, where nobody looks.
local WIDE = 9999

function writers.table(value, rest, out)
  local is_seen = out == io.stdout and terminal.is("stdout")
  local items = is_iterator(value) and collect(value, rest) or items_of_page(value) or value
  out:write(require("view").show({ n = 1, items }, {
    width = not is_seen and WIDE or nil, color = out ~= io.stdout and false or nil, lines = 0,
    how = "-o csv has all" }))
end

local function writer_of(name)
  local write = writers[name]
  if write then return write end
  local names = nearest.keys(writers)
  errors.raise { kind = "usage", message = ("no format %q%s"):format(tostring(name),
    nearest.hint(name, names)), hint = "there are json, ndjson, csv and table" }
end

---Writes a value. An iterator's items are written as they come in json and ndjson.
---@async
---@param name "json"|"ndjson"|"csv"|"table"
---@param value any
---@param out file*
function M.write(name, value, out)
  writer_of(name)(sequence.of(value), { n = 0 }, out)
end

---Writes what a chunk returned: nothing where that is no value.
---@async
---@param name "json"|"ndjson"|"csv"|"table"
---@param values table packed
---@param out file*
function M.results(name, values, out)
  local write = writer_of(name)
  if values.n == 0 then return end
  if values.n > 1 and not is_iterator(values[1]) then
    fail("-o writes one value, and %d were returned: return a list", values.n)
  end
  write(sequence.of(values[1]), table.pack(table.unpack(values, 2, values.n)), out)
end

return M
