-- The runs that the journal knows: who ran what, how it ended, which one went on with which.
local identity = require "c.identity"
local journal = require "siterun.journal"

local M = {}

---@class siterun.KnownRun
---@field id string
---@field at number seconds since 1970
---@field state "running"|"done"|"failed"|"interrupted"|"killed"
---@field code? integer exit code
---@field ended? number
---@field recipe? string absolute path
---@field name? string as it was called
---@field hash? string of the recipe
---@field arguments? string[]
---@field user string
---@field host string
---@field pid integer
---@field profile? string
---@field folder? string that it was started in
---@field flags? table options of the command line
---@field unrepeatable? string why it can't be resumed
---@field resumes? string id of the run before
---@field resumed_by? string id of the run after

local function read_run(record)
  local run = journal.content(record)
  run.id, run.at = record.run, record.at
  return run
end

local function read_end(run, record)
  local body = journal.content(record)
  run.state, run.code, run.ended = body.state, body.code, record.at
end

local function add_states(list)
  for _, run in ipairs(list) do
    run.state = run.state or identity.is_alive(run.pid, run.born) and "running" or "killed"
  end
end

local function add_successors(list, by_id)
  for _, run in ipairs(list) do
    local before = by_id[run.resumes or ""]
    if before then before.resumed_by = run.id end
  end
end

---@return siterun.KnownRun[] list from the first to the latest
---@return table<string, siterun.KnownRun> by_id
function M.list()
  local list, by_id = {}, {}
  for record in journal.each { kind = "run" } do
    local run = read_run(record)
    list[#list + 1], by_id[run.id] = run, run
  end
  for record in journal.each { kind = "end" } do
    if by_id[record.run] then read_end(by_id[record.run], record) end
  end
  add_states(list)
  add_successors(list, by_id)
  return list, by_id
end

---The run and those that went on with it, before and after, from the first to the latest.
---@param by_id table<string, siterun.KnownRun>
---@param run siterun.KnownRun
---@return siterun.KnownRun[]
function M.chain(by_id, run)
  while by_id[run.resumes or ""] do run = by_id[run.resumes] end
  local chain = {}
  while run do
    chain[#chain + 1] = run
    run = by_id[run.resumed_by or ""]
  end
  return chain
end

local CUT_OFF = { killed = true, interrupted = true }

---Did one of these runs break off, and none since finish its work?
---@param chain siterun.KnownRun[]
---@return boolean
function M.was_cut_off(chain)
  local latest = chain[#chain]
  if latest.state == "done" or latest.state == "running" then return false end
  for _, each in ipairs(chain) do
    if CUT_OFF[each.state] then return true end
  end
  return false
end

local function repeatable(is)
  local list, by_id = M.list()
  local found = {}
  for _, run in ipairs(list) do
    local is_last = not run.resumed_by and not run.unrepeatable and run.recipe
    if is_last and is(M.chain(by_id, run)) then found[#found + 1] = run end
  end
  return found
end

---The interrupted runs that can be resumed, from the first to the latest.
---@return siterun.KnownRun[]
function M.interrupted()
  return repeatable(M.was_cut_off)
end

---The runs that failed of themselves; each can be resumed if it is named.
---@return siterun.KnownRun[]
function M.failed()
  return repeatable(function(chain)
    return chain[#chain].state == "failed" and not M.was_cut_off(chain)
  end)
end

---@param run siterun.KnownRun
---@return string "failed (5)"
function M.state_text(run)
  local code = run.code and run.code ~= 0 and string.format(" (%d)", run.code) or ""
  return run.state .. code
end

---The run of this id, or of an id that ends so.
---@param list siterun.KnownRun[]
---@param name string
---@return siterun.KnownRun?
function M.find(list, name)
  for i = #list, 1, -1 do
    local id = list[i].id
    if id == name or #name >= 6 and id:sub(-#name - 1) == "-" .. name then return list[i] end
  end
end

return M
