-- Topics of help that are no function's or service's.
local nearest = require "siterun.nearest"
local options = require "siterun.options"
local services = require "siterun.services"
local spec = require "help.spec"

local M = {}

---@class help.Topic
---@field title string one line for the overview
---@field text string
---@field rows? fun(): {[1]: string, [2]: string}[]

local function limit_rows()
  local rows = {}
  for _, service in ipairs(services.declarations()) do
    for _, setting in ipairs(service.settings) do
      if setting.name == "limit" then
        rows[#rows + 1] = { setting.env, setting.default or "none unless set" }
      end
    end
  end
  return rows
end

local function option_rows()
  local rows = {}
  for _, name in ipairs(nearest.keys(options)) do
    local option = options[name]
    rows[#rows + 1] = { name, spec.words(option) .. ": " .. option.text }
  end
  return rows
end

local function error_rows()
  local rows = {}
  for kind, hint in pairs(require("siterun.advice").HINTS) do
    rows[#rows + 1] = { kind, hint }
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  return rows
end

local function command_rows()
  local rows = {}
  local commands = require "repl.commands"
  for _, command in ipairs(commands.LIST) do
    rows[#rows + 1] = { commands.call(command), command.text }
  end
  return rows
end

---@type table<string, help.Topic>
M.list = {
  limits = {
    title = "how many requests an account may send",
    text = "Requests wait for their turn, over all processes that use the account. "
      .. "client:limits() and :limits tell what is left. A limit is COUNT/DURATION.",
    rows = limit_rows,
  },
  options = {
    title = "what the last table of every call may hold",
    text = "Every call takes a last table of options. Writes take `once`, Ticketing's writes "
      .. "`user`, TeamWork Live's calls `format`.",
    rows = option_rows,
  },
  errors = {
    title = "kinds of errors and what to do about them",
    text = "A call that fails raises a table: kind, service, operation, status, message, "
      .. "errors, code, sent, retryable, attempts, retry_after, url. tostring(e) is one line.",
    rows = error_rows,
  },
  once = {
    title = "writes that happen once, whatever fails in between",
    text = "{ once = \"key\" } as the last table of a write: where the journal has that key as "
      .. "done, its answer is returned and nothing is sent, in this and every later run. "
      .. "A write of unknown outcome blocks its key until `siterun reconcile` settles it. "
      .. "journal.once does the same for any function.",
  },
  secrets = {
    title = "how credentials are given",
    text = "secret.env, secret.file and secret.command give handles that connect and headers "
      .. "of http take and nothing can read. Messages, traces, the journal and the history "
      .. "show *** in their place.",
  },
  sandbox = {
    title = "simulated services, without an account",
    text = "siterun --sandbox runs against a simulation of the three services on this machine, "
      .. "with their limits and their errors; `siterun sandbox` keeps one running.",
  },
  commands = {
    title = "what a session takes that is not Lua",
    text = "A line that begins with a colon is a command of the session.",
    rows = command_rows,
  },
}

return M
