---The interactive session.
local chunks = require("repl.chunk")
local color = require("view.color")
local display = require("c.display")
local faces = require("repl.faces")
local foreground = require("repl.foreground")
local mistake = require("repl.mistake")
local running = require("siterun.running")
local scheduler = require("siterun.scheduler")
local secret = require("c.secret")
local settings = require("siterun.settings")
local session = require("repl.session").new()

---What an error quotes must not steer the terminal.
local function tell(text)
  local mark = color.paint("error", "siterun:", "stderr")
  io.stderr:write(mark, " ", display.clean(text, true))
end

---Shows an error: of what was typed, or of a task that goes on beside it.
---@param e any
---@param sight? repl.Sight
function session.complain(e, sight)
  local message, shown, trace = mistake.describe(session, e, sight)
  session.error = { value = e, message = message, trace = trace }
  io.stdout:flush()
  if session.editor then
    require("repl.terminal").end_line()
  end
  tell(shown)
end

local function show(results)
  if session.editor then
    require("repl.terminal").end_line()
  end
  local output = settings.output
  if output then
    require("view.format").results(output, results, io.stdout)
  else
    io.stdout:write(require("view").show(results))
  end
  io.stdout:flush()
end

local function show_results(sight, ok, ...)
  if not ok then
    session.complain((...), sight)
    return
  end
  session.done[#session.chunks] = secret.redact(session.text)
  session:keep(table.pack(...))
  show(table.pack(...))
  local hint = select("#", ...) == 1 and (...) == nil and mistake.unknown(session.text)
  if hint then
    io.stderr:write("siterun: ", hint, "\n")
  end
end

local function evaluate(chunk)
  local sight = {} ---@type repl.Sight
  local ok, e = foreground.run(session.complain, function()
    local results = table.pack(xpcall(chunk, mistake.handler(sight)))
    foreground.attend() -- what ended the chunk is not to end what is said of it
    show_results(sight, table.unpack(results, 1, results.n))
  end)
  if not ok then
    session.complain(e, sight)
  end
end

---`:word` is a command; what it does is no Lua.
local function run_command(line)
  local ok, e = foreground.run(session.complain, function()
    require("repl.commands").run(session, line)
  end)
  if not ok then
    session.complain(e)
  end
end

---Runs what was typed, Lua or a command.
---@param text string
function session.run(_, text)
  local command = text:match("^%s*(:%a.-)\n?$")
  if command then
    return run_command(command)
  end
  session.text = text
  local chunk, message = chunks.compile(text, #session.chunks + 1)
  if chunk then
    session.chunks[#session.chunks + 1] = text
    evaluate(chunk)
  else
    tell(mistake.describe_syntax(text, message))
  end
end

---A chunk may take several lines. Nothing is left of one that Ctrl-C ends.
---@return string? text nil at the end of the session
local function read_chunk(read)
  session.pending = ""
  repeat
    local line, why = read(session.pending == "" and session.prompt() or ">> ")
    if why == "end" then
      return session.pending ~= "" and session.pending or nil
    end
    session.pending = line and session.pending .. line .. "\n" or ""
    local _, _, incomplete = chunks.compile(session.pending, 0)
  until line and not incomplete
  local text = session.pending
  session.pending = ""
  return text
end

---Without a terminal: lines without a prompt, and each chunk's tasks end before the next.
local function read_plainly()
  while foreground.count() > 0 and foreground.step(session.complain) do -- luacheck: ignore 542
  end
  local line = io.read("L")
  if not line then
    return nil, "end"
  end
  return (line:gsub("\n$", ""))
end

local function open_terminal()
  local terminal = require("repl.terminal")
  terminal.open(session)
  return function(prompt)
    return terminal.read(session, prompt)
  end, function(text)
    terminal.remember(session, text)
  end
end

local function cancel_tasks()
  local count = foreground.count()
  local lost = running.cancel_all(scheduler.home)
  if count > 0 then
    local what = count == 1 and "a task that still ran was" or "tasks that still ran were"
    io.stderr:write("siterun: ", count == 1 and "" or count .. " ", what, " cancelled\n")
  end
  if lost then
    session.complain(lost)
  end
end

---@param terminal boolean whether there is one to read from and to write to
---@return integer code
return function(terminal)
  faces.provide()
  local read, remember = read_plainly, nil
  if terminal then
    read, remember = open_terminal()
  end
  for text in read_chunk, read do
    session:run(text)
    if remember then
      remember(text)
    end
    if session.ended or scheduler.leaving then
      break
    end
  end
  if scheduler.leaving then
    running.leave(scheduler.leaving)
  end
  cancel_tasks()
  return 0
end
