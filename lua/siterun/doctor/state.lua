-- siterun doctor: the state folder, the files in it, and what they are for.
local config = require "siterun.config"
local entries = require "siterun.journal.entries"
local file = require "c.file"
local journal = require "siterun.journal"
local past_runs = require "siterun.journal.past_runs"
local settings = require "siterun.settings"
local slots = require "c.slots"

local M = {}

-- Bytes. The journal grows by a few hundred with each write.
local SPACE_MIN = 32 * 1024 * 1024

-- A slot is held for the window, and this much longer when there was no answer (seconds).
local GUARD = 5
local DAY = 86400

---@class siterun.ShownState
---@field path? string
---@field named? string
---@field exists boolean
---@field is_usable? boolean nothing is wrong with the folder
---@field is_sound? boolean nor with the files of the limits
---@field keeps_limits? boolean is there any such file?
---@field mode? integer
---@field free? integer bytes
---@field records? integer of the journal
---@field unknown? integer writes of unknown outcome
---@field interrupted? string[] runs

local function is_writable_folder(about)
  return about.kind == "folder" and about.is_writable and about.mode & 448 == 448 -- 0700
end

-- One that is not there yet must be possible to make.
local function check_above(found, path)
  local is_absolute = path:sub(1, 1) == "/"
  local above = path:match("^(.+)/[^/]*$") or is_absolute and "/" or "."
  local about = file.about(above)
  if not about then return #above < #path and check_above(found, above) end
  if not is_writable_folder(about) then
    found:problem(path, ("the state folder can't be made: %s is not writable"):format(above),
      "set SITERUN_STATE to a folder that you may write to")
  end
end

-- Closing a folder that others use too, such as /tmp, would do more harm.
local CLOSE = "run chmod 700 %s if it is siterun's alone, else set SITERUN_STATE to one that is"

local function check_others(found, path, mode)
  if mode & 18 ~= 0 then -- 022
    found:problem(path, ("others can change what is in the state folder (mode %04o)")
      :format(mode), CLOSE:format(path))
  elseif mode & 63 ~= 0 then -- 077
    found:warn(path, ("others can see the names of the state's files (mode %04o)")
      :format(mode), CLOSE:format(path))
  end
end

local function check_folder(found, path, about)
  if about.kind ~= "folder" then
    return found:problem(path, "the state folder is a file",
      "set SITERUN_STATE to a folder, or move that file away")
  end
  check_others(found, path, about.mode)
  if not about.is_ours then
    found:problem(path, "the state folder belongs to another user", "set SITERUN_STATE")
  elseif not is_writable_folder(about) then
    found:problem(path, "the state folder is not writable", "run chmod 700 " .. path)
  end
  if about.is_network then
    found:problem(path, "the state folder is on a network, where limits can't be shared "
      .. "safely", "set SITERUN_STATE to a local folder")
  end
  if about.free < SPACE_MIN then
    found:problem(path, ("only %d MiB are free for the state"):format(about.free // 1048576),
      "make room: a write that can't be recorded is not sent")
  end
end

local function longest_hold(services)
  local hold = DAY
  for _, service in ipairs(services) do
    hold = math.max(hold, service.limit and service.limit.window + GUARD or 0)
  end
  return hold
end

-- What siterun keeps in the folder; anything else there is none of its business.
local OURS = { "^journal%.db", "^limit%-", "^session%-", "^history" }

local function is_ours(name)
  for _, pattern in ipairs(OURS) do
    if name:find(pattern) then return true end
  end
end

local function check_file(found, path, name, hold)
  local about = is_ours(name) and file.about(path)
  if not about then return end -- or it went away meanwhile
  if about.mode & 63 ~= 0 then
    found:problem(path, ("others can read or change it (mode %04o)"):format(about.mode),
      "run chmod 600 " .. path)
  end
  if not name:find "^limit%-" then return end
  local sound, failure = slots.check(path, hold)
  if not sound then
    found:problem(path, "the file that keeps the limit " .. failure.message:match "[^:]*$",
      "nothing: the next run waits out what it may have held; delete it if no run uses it")
  end
end

local function check_files(found, path, services)
  local hold, names = longest_hold(services), file.list(path) or {}
  table.sort(names)
  local keeps_limits = false
  for _, name in ipairs(names) do
    check_file(found, path .. "/" .. name, name, hold)
    keeps_limits = keeps_limits or name:find "^limit%-" ~= nil
  end
  return keeps_limits
end

local function count_unknown()
  local count = 0
  for _ in entries.each({ outcome = "unknown" }, error) do count = count + 1 end
  return count
end

local function read_journal(found, shown)
  shown.records = journal.verify()
  shown.unknown = count_unknown()
  shown.interrupted = {}
  for i, run in ipairs(past_runs.interrupted()) do shown.interrupted[i] = run.id end
  if shown.unknown > 0 then
    found:problem("journal", ("the outcome of %d %s unknown"):format(shown.unknown,
      shown.unknown == 1 and "write is" or "writes is"), "run siterun reconcile", 7)
  end
  for _, id in ipairs(shown.interrupted) do
    found:warn("journal", ("run %s broke off"):format(id), "run siterun resume " .. id
      .. ", unless its work is done otherwise")
  end
end

local function check_journal(found, shown)
  local path = shown.path .. "/journal.db"
  if not file.about(path) then return end
  local ok, failure = pcall(read_journal, found, shown)
  if ok then return end
  found:problem(path, type(failure) == "table" and failure.message or tostring(failure),
    "put back a copy of it, or move it away: with it go the keys of `once` and what "
      .. "siterun resume needs")
end

local function place(found)
  local ok, path, named = pcall(config.state_path)
  if not ok then
    found:failure("SITERUN_STATE", path, "set SITERUN_STATE to a folder")
    return nil
  end
  if not path then
    found:warn("HOME", "nothing says where the state goes: writes can't be recorded",
      "set SITERUN_STATE or HOME")
  end
  return path, named
end

---@param found siterun.Findings
---@param services siterun.ShownService[]
---@return siterun.ShownState
function M.examine(found, services)
  if settings.sandbox then return { exists = false } end
  local first = #found + 1
  local path, named = place(found)
  local shown = { path = path, named = named, exists = false }
  if path and path:sub(1, 1) ~= "/" then
    found:warn(named, "is no path below /: there is one state for each folder that siterun is "
      .. "started in", "give the whole path, as limits and `once` count in one folder")
  end
  local about = path and file.about(path)
  if path and not about then check_above(found, path) end
  if not about then return shown end
  shown.exists, shown.mode, shown.free = true, about.mode, about.free
  check_folder(found, path, about)
  if about.kind ~= "folder" then return shown end
  shown.is_usable = not found:has_problem(first)
  shown.keeps_limits = check_files(found, path, services)
  shown.is_sound = not found:has_problem(first)
  if shown.is_usable then check_journal(found, shown) end
  return shown
end

return M
