---Drives tests/peer/peer.js, whose top says what it can do. One process serves a whole test
---run; it ends with it.
local json = require "json"
local t = require "tests.t"

local M = {}

local channel -- { to: its stdin, from: its stdout }

local function open()
  local fifo = t.scratch .. "/peer.fifo"
  assert(os.execute("rm -f " .. t.quote(fifo) .. " && mkfifo " .. t.quote(fifo)))
  local to = assert(io.popen("exec node tests/peer/peer.js >" .. t.quote(fifo), "w"))
  to:setvbuf "line"
  return { to = to, from = assert(io.open(fifo, "r")) }
end

---Sends one command and returns its answer; raises what the peer complains of.
---@param command table
---@return table
function M.ask(command)
  channel = channel or open()
  channel.to:write(json.encode(command), "\n")
  local line = assert(channel.from:read "l", "the peer has ended")
  local answer = json.decode(line)
  if answer.error then error(answer.error, 2) end
  return answer
end

-- The peer's strings hold one character for each byte.
local function bytes(text)
  return (text:gsub(utf8.charpattern,
    function(character) return string.char(utf8.codepoint(character)) end))
end

local function readable(record)
  for _, request in ipairs(record.requests) do
    request.head, request.body = bytes(request.head), bytes(request.body)
    local headers = {}
    for _, pair in ipairs(request.headers) do headers[pair[1]:lower()] = bytes(pair[2]) end
    request.headers = headers
  end
  return record
end

---@class tests.Listener
---@field url string "http://127.0.0.1:41234"
---@field port integer
---@field ca_file? string the authority of its certificate
local Listener = {}
Listener.__index = Listener

---The replies to come. Forgets what was recorded.
---@param replies table[]
function Listener:script(replies)
  M.ask { ["do"] = "script", name = self.name, replies = json.array(replies) }
end

---What came so far: requests (with `headers` by lower-case name, `body` in bytes), connections,
---open, left.
---@return table
function Listener:record()
  return readable(M.ask { ["do"] = "record", name = self.name })
end

---Waits until there are `wanted.requests`, `wanted.connections`, and at most `wanted.open`
---connections left.
---@param wanted table
---@return table record
function Listener:wait(wanted)
  return readable(M.ask { ["do"] = "wait", name = self.name, requests = wanted.requests,
    connections = wanted.connections, open = wanted.open })
end

---Lets the replies that are held under this label go.
---@param label string
function Listener.release(_, label)
  M.ask { ["do"] = "release", label = label }
end

function Listener:close()
  M.ask { ["do"] = "close", name = self.name }
end
Listener.__close = Listener.close

local count = 0

---Opens a port.
---@param options? table of the peer's "listen"
---@param replies? table[]
---@return tests.Listener
function M.listen(options, replies)
  count = count + 1
  local command = { ["do"] = "listen", name = "listener" .. count }
  for name, value in pairs(options or {}) do command[name] = value end
  local listener = setmetatable(M.ask(command), Listener)
  listener.name = command.name
  listener:script(replies or {})
  return listener
end

return M
