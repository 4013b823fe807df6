-- The journal of this user: opened when the first write needs it, asked by whoever lists it.
local config = require "siterun.config"
local errors = require "siterun.errors"
local json = require "c.json"
local raw = require "c.journal"
local scheduler = require "siterun.scheduler"
local secret = require "c.secret"

local M = {}

---@class siterun.Record
---@field seq integer
---@field at number seconds since 1970
---@field kind string run, end, intent, outcome, settled or note
---@field run? string
---@field intent? integer of an outcome: the seq of what it ends
---@field service? string
---@field operation? string
---@field once? string
---@field content? string fingerprint
---@field outcome? "done"|"refused"|"not_sent"|"unknown"
---@field body? string JSON

local handle

-- Appends on their way: what is queued is lost when it is collected.
local kept = {}

-- A broken chain is what --verify looks for; to all others it is a journal that can't be used.
local function fail(failure)
  if failure.kind == "decode" then failure.kind = "config" end
  errors.raise(errors.from(failure, { sent = "no" }))
end

---Raises an error of kind "config" when it can't be opened.
---@return userdata
function M.open()
  if not handle then
    local opened, failure = raw.open(config.state_dir())
    handle = opened or fail(failure)
  end
  return handle
end

---@return boolean
function M.is_open()
  return handle ~= nil
end

---SHA-256 in hex.
---@param text string
---@return string
function M.fingerprint(text)
  local hex, failure = raw.fingerprint(text)
  return hex or fail(failure)
end

local function scrub(value)
  if type(value) == "string" then return secret.redact(value) end
  if type(value) ~= "table" then return value end
  local out = json.is_array(value) and json.array {} or {}
  for key, inner in pairs(value) do out[key] = scrub(inner) end
  return out
end

-- Bytes that JSON can't hold are kept as hexadecimal digits.
local function speakable(value)
  if type(value) == "string" and not utf8.len(value) then
    return { ["$hex"] = (value:gsub(".", function(byte)
      return string.format("%02x", byte:byte())
    end)) }
  end
  if type(value) ~= "table" then return value end
  for key, inner in pairs(value) do value[key] = speakable(inner) end
  return value
end

---What a record's body says, as JSON without a secret.
---@param body table
---@return string
function M.body(body)
  local text, problem = json.encode(speakable(scrub(body)))
  if not text then errors.raise { kind = "usage", message = problem } end
  return text
end

local function bytes(value)
  if type(value) ~= "table" then return value end
  if type(value["$hex"]) == "string" and next(value, next(value)) == nil then
    return (value["$hex"]:gsub("%x%x", function(digits)
      return string.char(tonumber(digits, 16))
    end))
  end
  for key, inner in pairs(value) do value[key] = bytes(inner) end
  return value
end

---@param record siterun.Record
---@return table body what M.body wrote; empty where there is nothing
function M.content(record)
  local body = record.body and json.decode(record.body)
  return type(body) == "table" and bytes(body) or {}
end

local function forget_written()
  for op in pairs(kept) do
    if op:ready() then kept[op] = nil end
  end
end

---Queues a record; all that are queued in one turn of the loop share a sync.
---@param record table
---@return userdata op
function M.append(record)
  forget_written()
  local op = M.open():append(record)
  kept[op] = record
  return op
end

---The record's seq, once it is written; raises an error of kind "config" when it could not be.
---@param op userdata
---@return integer
function M.written(op)
  kept[op] = nil
  local seq, failure = op:result()
  return seq or fail(failure)
end

---Takes back what is not written yet; else says its seq.
---@param op userdata
---@return integer?
function M.take_back(op)
  local seq = op:ready() and op:result() or nil
  kept[op] = nil
  op:close()
  return seq
end

---Appends a record and waits until it is on the disk.
---@async
---@param record table
---@return integer seq
function M.write(record)
  local op = M.append(record)
  scheduler.wait(op)
  return M.written(op)
end

---Writes at once what is queued.
function M.flush()
  if handle then handle:flush() end
end

---@param once string
---@param content string
---@return string state, integer intent
function M.claim(once, content)
  local state, intent = M.open():claim(once, content)
  if not state then fail(intent) end
  return state, intent
end

---@param once string
---@return boolean done
function M.unclaim(once)
  return M.open():unclaim(once) == true
end

---Every record that the filter of c.journal selects, in their order.
---@param filter? table
---@return fun(): siterun.Record?
function M.each(filter)
  local wanted, page, i = {}, nil, 0
  for name, value in pairs(filter or {}) do wanted[name] = value end
  return function()
    if not page or i == #page and i == 1000 then
      wanted.after_seq = page and page[i].seq or wanted.after_seq
      local found, failure = M.open():read(wanted)
      page, i = found or fail(failure), 0
    end
    i = i + 1
    return page[i]
  end
end

---@param filter table
---@return siterun.Record? record the last one that it selects
function M.last(filter)
  local last
  for record in M.each(filter) do last = record end
  return last
end

---How the write of an intent ended; nil where nobody recorded it.
---@param intent integer
---@return siterun.Record?
function M.outcome(intent)
  local last
  for record in M.each { intent = intent } do
    if record.outcome then last = record end
  end
  return last
end

---@return integer count of records
function M.verify()
  local count, failure = M.open():verify()
  return count or errors.raise(errors.from(failure))
end

---@param before number seconds since 1970
---@return integer count of records that were removed
function M.prune(before)
  local count, failure = M.open():prune(before)
  return count or fail(failure)
end

return M
