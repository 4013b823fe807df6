-- Lets fields be named by their titles: finds the ids in what the service says of itself.
local json = require "c.json"
local nearest = require "siterun.nearest"

local M = {}

local function is_uuid(text)
  return type(text) == "string" and text:match("^%x+%-%x+%-%x+%-%x+%-%x+$") ~= nil
    and #text == 36
end

---Does this value hold texts that may stand for the options of a pick list?
local function has_words(value)
  for _, item in ipairs(type(value) == "table" and value or {}) do
    if type(item) == "string" and not is_uuid(item) then return true end
  end
  return false
end

local function needs_lookup(fields)
  for key, value in pairs(fields) do
    if not is_uuid(key) or has_words(value) then return true end
  end
  return false
end

---The first of `names` that `t` has as a text or number.
local function first(t, names)
  for _, name in ipairs(names) do
    local value = t[name]
    if type(value) == "string" or type(value) == "number" then return tostring(value) end
  end
end

---An index of entries by id and by title. A title that stands for several ids is marked
---ambiguous.
local function index(entries, id_names, title_names)
  local by_id, by_title, titles = {}, {}, {}
  for _, entry in ipairs(entries) do
    local id = type(entry) == "table" and first(entry, id_names) or nil
    if id and not by_id[id] then
      local title = first(entry, title_names)
      by_id[id] = entry
      if title then
        by_title[title] = by_title[title] == nil and id or false
        titles[#titles + 1] = title
      end
    end
  end
  return { by_id = by_id, by_title = by_title, titles = titles }
end

local function resolve(check, found, what, word)
  if found.by_id[word] then return word end
  local id = found.by_title[word]
  if id then return id end
  if id == false then
    check.fail(string.format("%s %q is ambiguous: use its id", what, word))
  end
  check.fail(string.format("no %s %q%s", what, word, nearest.hint(word, found.titles)))
end

local function all_entries(spec, source)
  local entries = {}
  for _, name in ipairs(spec.lists) do
    local list = source[name]
    if type(list) == "table" then table.move(list, 1, #list, #entries + 1, entries) end
  end
  return entries
end

---Texts of a pick list become the ids of its options; a single text becomes a list of one.
local function option_ids(check, spec, field, title, value)
  local options = field and field[spec.options]
  if type(options) ~= "table" or #options == 0 or value == json.null then return value end
  local found = index(options, spec.option_ids, spec.option_titles)
  local ids = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do
    ids[i] = type(item) == "string" and resolve(check, found, title .. " option", item) or item
  end
  return json.array(ids)
end

---@param check siterun.Check
---@param spec table type with lists, ids, titles
---@param fields table values by id or title
---@param source table what the service says of itself
---@return table values by id
function M.resolve(check, spec, fields, source)
  local found = index(all_entries(spec, source), spec.ids, spec.titles)
  local out = {}
  for key, value in pairs(fields) do
    local id = is_uuid(key) and key or resolve(check, found, "field", key)
    if out[id] ~= nil then check.fail(string.format("field %q is given twice", key)) end
    out[id] = option_ids(check, spec, found.by_id[id], key, value)
  end
  return out
end

local function has_titles(param, values)
  local given = values[param.name]
  return given and needs_lookup(given)
end

---Must the service be asked what it calls its fields?
---@param call siterun.Call
---@return boolean
function M.is_needed(call)
  local titled = call.form.titled
  for i = 1, #titled do
    if has_titles(titled[i], call.values) then return true end
  end
  return false
end

---Replaces titles by ids in every parameter that takes them.
---@async
---@param client table
---@param call siterun.Call its values are changed in place
function M.apply(client, call)
  local values = call.values
  for _, param in ipairs(call.form.titled) do
    if has_titles(param, values) then
      local spec, given = client.service.types[param.type], values[param.name]
      values[param.name] = M.resolve(call.check, spec, given, client:known(spec.lookup))
    end
  end
end

return M
