---A program in a terminal of its own (tmux), for tests.
local t = require("tests.t")

local M = {}

---@class tests.Terminal
local Terminal = {}
Terminal.__index = Terminal

local function quoted(arguments)
  local parts = {}
  for i, argument in ipairs(arguments) do
    parts[i] = t.quote(argument)
  end
  return table.concat(parts, " ")
end

function Terminal:tmux(...)
  local line = ("TMUX= tmux -f /dev/null -S %s %s 2>/dev/null"):format(self.socket, quoted({ ... }))
  local out <close> = assert(io.popen(line))
  return out:read("a")
end

---Types a text as it is.
function Terminal:type(text)
  self:tmux("send-keys", "-l", "--", text)
end

---Presses a key by tmux's name for it: "Enter", "C-c", "Up".
function Terminal:press(key)
  self:tmux("send-keys", key)
end

---Pastes a text, between marks if the program asked for these.
function Terminal:paste(text)
  local path = t.write(self.socket .. ".paste", text)
  self:tmux("load-buffer", path, ";", "paste-buffer", "-p")
end

---@param columns integer
---@param rows integer
function Terminal:resize(columns, rows)
  self:tmux("resize-window", "-x", columns, "-y", rows)
end

---What is shown, without blanks at the ends of lines and of the screen.
function Terminal:screen()
  local text = self:tmux("capture-pane", "-p"):gsub("[ ]+\n", "\n")
  return (text:gsub("\n+$", "\n"))
end

---Waits, for at most 20 s, until the screen matches.
---@param pattern string
---@return string screen
function Terminal:wait(pattern)
  local screen
  for _ = 1, 400 do
    screen = self:screen()
    if screen:find(pattern) then
      return screen
    end
    os.execute("sleep 0.05")
  end
  error(("the screen never matched %s:\n%s"):format(pattern, screen), 2)
end

---@param line string
---@param pattern string
function Terminal:enter(line, pattern)
  self:type(line)
  self:press("Enter")
  return self:wait(pattern)
end

function Terminal:__close()
  self:tmux("kill-server")
end

local count = 0

local function assignments(variables)
  local words = { "env" }
  for name, value in pairs(variables) do
    words[#words + 1] = name .. "=" .. value
  end
  return words
end

---@param variables table<string, string>
---@param ... string the arguments of siterun
---@return tests.Terminal to be closed
function M.with(variables, ...)
  local words = assignments(variables)
  table.move({ t.program, ... }, 1, select("#", ...) + 1, #words + 1, words)
  return M.run(words)
end

---@param ... string the arguments of siterun
---@return tests.Terminal to be closed
function M.siterun(...)
  return M.run({ t.program, ... })
end

---@param words string[] of the command
---@return tests.Terminal to be closed
function M.run(words)
  count = count + 1
  local terminal = setmetatable({ socket = ("%s/tmux%d"):format(t.scratch, count) }, Terminal)
  local line = "trap : INT; " .. quoted(words) .. '; echo "exit code $?"; exec cat'
  terminal:tmux("new-session", "-d", "-x", "100", "-y", "40", line)
  return terminal
end

return M
