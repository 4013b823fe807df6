---The interactive session.
local chunks = require("repl.chunk")
local faces = require("repl.faces")
local failure = require("siterun.failure")
local interrupt = require("c.interrupt")
local report = require("siterun.report")
local script = require("siterun.script")
local session = require("repl.session").new()
local trace = require("c.trace")

local function show(results)
  local view = script.find("view") and require("view")
  if view then
    io.stdout:write(view.show(results, {}))
  elseif results.n > 0 then
    print(table.unpack(results, 1, results.n))
  end
end

local function take(ok, ...)
  if ok then
    session:keep(table.pack(...))
    show(table.pack(...))
  else
    local message, _, frames = failure.describe((...))
    session.error = { value = (...), message = message, trace = frames }
    report((...))
  end
  io.stdout:flush()
end

local function evaluate(chunk)
  interrupt.arm()
  take(xpcall(script.call, trace.handler, chunk))
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
    local _, _, incomplete = chunks.compile(session.pending)
  until line and not incomplete
  return session.pending
end

---`:word` is a command; what it does is no Lua.
local function run_command(line)
  local ok, e = pcall(function()
    if not script.find("repl.commands") or not require("repl.commands").run(session, line) then
      io.stderr:write("siterun: no such command: ", line, "\n")
    end
  end)
  if not ok then
    report(e)
  end
end

---Runs what was typed, Lua or a command.
---@param text string
function session.run(_, text)
  if text:find("^:%a") then
    return run_command((text:gsub("\n$", "")))
  end
  local chunk, message = chunks.compile(text)
  if chunk then
    session.chunks[#session.chunks + 1] = text
    evaluate(chunk)
  else
    io.stderr:write("siterun: ", message, "\n")
  end
end

local function terminal_reader()
  session.editor = assert(require("c.line").new())
  return function(prompt)
    return session.editor:read(prompt)
  end
end

---Without a terminal: lines without a prompt.
local function plain_reader()
  return function()
    local line = io.read("L")
    if not line then
      return nil, "end"
    end
    return (line:gsub("\n$", ""))
  end
end

---@param terminal boolean whether there is one to read from and to write to
---@return integer code
return function(terminal)
  faces.provide()
  local read = (terminal and terminal_reader or plain_reader)()
  for text in read_chunk, read do
    if session.editor and text:find("%S") then
      session.editor:remember((text:gsub("\n$", "")))
    end
    session:run(text)
    if session.ended then
      break
    end
  end
  return 0
end
