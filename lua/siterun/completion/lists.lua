-- What the completion scripts ask for while somebody types: names that are this user's.
local config = require "siterun.config"
local config_file = require "siterun.config.file"
local file = require "c.file"

local M = {}

-- Runs that are worth offering.
local LATEST = 50

-- Typing a line must not make a journal.
local function has_journal()
  local folder = config.state_path()
  return folder ~= nil and file.about(folder .. "/journal.db") ~= nil
end

local function ids(runs)
  local list = {}
  for i = #runs, math.max(1, #runs - LATEST + 1), -1 do list[#list + 1] = runs[i].id end
  return list
end

local LISTS = {
  profiles = config_file.profiles,
  runs = function()
    return has_journal() and ids((require("siterun.journal.past_runs").list())) or {}
  end,
  interrupted = function()
    return has_journal() and ids(require("siterun.journal.past_runs").interrupted()) or {}
  end,
  modules = function() return require("repl.faces").NAMES end,
  examples = function() return require("siterun.examples").names() end,
}

---The names of a list; none where there is no such list, or it can't be read. A name that a line
---can't hold is left out.
---@param name string
---@return string[]
function M.read(name)
  local ok, list = pcall(LISTS[name] or function() return {} end)
  local names = {}
  for _, word in ipairs(ok and list or {}) do
    if not word:find "%c" then names[#names + 1] = word end
  end
  return names
end

---By the kind of a value: what to ask for.
M.OF = { ["<profile>"] = "profiles", ["<run>"] = "runs", ["<interrupted>"] = "interrupted",
  ["<example>"] = "examples", ["<module>"] = "modules" }

return M
