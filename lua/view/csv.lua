-- CSV as RFC 4180 has it.
local json = require "json"
local order = require "view.order"

local M = {}

---Would a spreadsheet take the text for a formula? Signed numbers and telephone numbers are none.
local function is_formula(text)
  return text:find("^[=@\t\r]") or text:find("^[+-]") and not text:find("^[+-][%d%s().-]*$")
end

---@param text string
---@return string field in quotes where RFC 4180 wants them; formulas begin with a '
function M.quote(text)
  if is_formula(text) then text = "'" .. text end
  if text == "" or text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

local function field(value)
  if value == nil or value == json.null then return "" end
  if type(value) == "string" then return M.quote(value) end
  local text = json.encode(value)
  return type(value) == "table" and M.quote(text) or text
end

---@return "row"|"object"|"value"
local function kind_of(item)
  if type(item) ~= "table" then return "value" end
  return json.is_array(item) and "row" or "object"
end

local KINDS = { row = "a list", object = "an object", value = "a single value" }

-- What all items are: a table has columns of one kind.
local function common_kind(items, fail)
  local first = kind_of(items[1])
  for i, item in ipairs(items) do
    local kind = kind_of(item)
    if kind ~= first then
      local form = "item %d is %s, and item 1 %s: a table has rows of one kind"
      fail(form:format(i, KINDS[kind], KINDS[first]))
    end
  end
  return first
end

local writers = {}

function writers.value(items, put)
  put({ "value" })
  for _, item in ipairs(items) do put({ field(item) }) end
end

function writers.row(items, put)
  for _, item in ipairs(items) do
    local fields = {}
    for i = 1, #item do fields[i] = field(item[i]) end
    put(fields)
  end
end

function writers.object(items, put)
  local keys, header = order.all_keys(items), {}
  if #keys == 0 then return end
  table.sort(keys, order.for_programs)
  for i, key in ipairs(keys) do header[i] = M.quote(tostring(key)) end
  put(header)
  for _, item in ipairs(items) do
    local fields = {}
    for i, key in ipairs(keys) do fields[i] = field(rawget(item, key)) end
    put(fields)
  end
end

---Writes all of the items, or raises and writes none.
---@param items any[]
---@param write fun(text: string)
---@param fail fun(message: string) raises
function M.write(items, write, fail)
  if #items == 0 then return end
  local lines = {}
  writers[common_kind(items, fail)](items, function(fields)
    lines[#lines + 1] = table.concat(fields, ",") .. "\r\n"
  end)
  for _, line in ipairs(lines) do write(line) end
end

return M
