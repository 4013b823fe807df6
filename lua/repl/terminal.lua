---Reads what is typed on a terminal, and lets the session's tasks go on meanwhile.
local foreground = require("repl.foreground")
local interrupt = require("c.interrupt")
local line = require("c.line")
local scheduler = require("siterun.scheduler")
local tab = require("repl.tab")

local M = {}

local function history_path()
  local config = require("siterun.config")
  local ok, folder = pcall(config.own_dir)
  return ok and folder and folder .. "/history" or nil
end

local function nothing() end

---What the editor calls until there is something to read: one step.
---@return string? why the reading is to end
local function waiter(session)
  return function()
    scheduler.on_end(session.editor, nothing)
    local ok = foreground.step(function(e)
      interrupt.echoed() -- it is not shown where a line is typed
      session.complain(e)
    end)
    if scheduler.leaving then
      return "end"
    elseif not ok then
      return "interrupted"
    end
  end
end

---Lets the first write to a production profile be asked for.
local function ask_before_writes(session)
  require("siterun.production").ask = function(question)
    if not scheduler.foreground then -- a task's, while the prompt has the line
      return false, "it was no chunk's, but that of a task, which can't ask"
    end
    session.editor:drop_typed()
    local answer = session.editor:read(question)
    return answer ~= nil and answer:lower():find("^%s*ye?s?%s*$") ~= nil
  end
end

---Gives the session its editor.
---@param session repl.Session
function M.open(session)
  session.editor = assert(line.new(history_path()))
  session.editor:on({
    wait = waiter(session),
    complete = function(text, cursor)
      return tab.press(session, text, cursor)
    end,
  })
  ask_before_writes(session)
end

---Begins a line when the terminal has shown a Ctrl-C in this one.
function M.end_line()
  if interrupt.echoed() then
    io.stderr:write("\n")
  end
end

---@param session repl.Session
---@param prompt string
---@return string? line
---@return "interrupted"|"end"|nil why there is none
function M.read(session, prompt)
  M.end_line()
  interrupt.arm_session()
  local text, why = session.editor:read(prompt)
  interrupt.echoed()
  scheduler.on_end(session.editor, nil)
  return text, why
end

local warned = false

---Keeps what was typed for later sessions. A leading blank says that it is not to be kept.
---@param session repl.Session
---@param text string
function M.remember(session, text)
  if not text:find("%S") or text:find("^ ") then
    return
  end
  local ok, failure = session.editor:remember((text:gsub("\n$", "")))
  if not ok and not warned then
    warned = true
    io.stderr:write("siterun: the history is not kept: ", failure.message, "\n")
  end
end

return M
