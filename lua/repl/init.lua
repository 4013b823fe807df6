---The interactive session.
local faces = require("repl.faces")
local interrupt = require("c.interrupt")
local report = require("siterun.report")
local script = require("siterun.script")
local trace = require("c.trace")

local function provide_modules()
  local meta = getmetatable(_G) or {}
  meta.__index = function(globals, name)
    if faces.known[name] and script.find(name) then
      local module = require(name)
      rawset(globals, name, module)
      return module
    end
  end
  setmetatable(_G, meta)
end

---@param text string
---@return function? chunk
---@return string? message
---@return boolean? incomplete the text is the beginning of a chunk
local function compile(text)
  local chunk = load("return " .. text, "=stdin", "t")
  if chunk then
    return chunk
  end
  local message
  chunk, message = load(text, "=stdin", "t")
  return chunk, message, message ~= nil and message:find("<eof>$") ~= nil
end

local function print_results(ok, ...)
  if not ok then
    report((...))
  elseif select("#", ...) > 0 then
    print(...)
  end
  io.stdout:flush()
end

local function evaluate(chunk)
  interrupt.arm()
  print_results(xpcall(script.call, trace.handler, chunk))
end

---A chunk may take several lines. Nothing is left of one that Ctrl-C ends.
---@return string? text nil at the end of the session
local function read_chunk(read)
  local text = ""
  repeat
    local line, why = read(text == "" and "> " or ">> ")
    if why == "end" then
      return text ~= "" and text or nil
    end
    text = line and text .. line .. "\n" or ""
    local _, _, incomplete = compile(text)
  until line and not incomplete
  return text
end

local function run(text)
  local chunk, message = compile(text)
  if chunk then
    evaluate(chunk)
  else
    io.stderr:write("siterun: ", message, "\n")
  end
end

local function terminal_reader()
  local editor = assert(require("c.line").new())
  return function(prompt)
    return editor:read(prompt)
  end, editor
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
  provide_modules()
  local read, editor = (terminal and terminal_reader or plain_reader)()
  for text in read_chunk, read do
    if editor and text:find("%S") then
      editor:remember((text:gsub("\n$", "")))
    end
    run(text)
  end
  return 0
end
