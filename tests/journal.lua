---Runs recipes that write against a sandbox with a state folder of their own, and reads what they
---left in the journal.
local json = require("c.json")
local raw = require("c.journal")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local M = {}

local count = 0

---@return string folder that nobody has used yet
function M.folder()
  count = count + 1
  local path = ("%s/journal%d-%d"):format(t.scratch, count, os.time())
  os.execute("rm -rf " .. t.quote(path) .. " && mkdir -p -m 700 " .. t.quote(path))
  return path
end

---@param text string
---@return string path of a recipe
function M.recipe(text)
  local path = M.folder() .. "/recipe.lua"
  return t.write(path, text)
end

---@param state? string folder
---@return tests.Sandbox with `env`
function M.start(state, ...)
  local sb = sandbox.start("--tickets", "1", "--limit", "ticketing=none", ...)
  sb.env = { SITERUN_STATE = state or M.folder(), XDG_CONFIG_HOME = t.scratch,
    SITERUN_CONFIG = false, SITERUN_PROFILE = false }
  for name, value in pairs(sb.vars) do
    sb.env[name ~= "" and name or "IGNORED"] = value
  end
  sb.env.TICKETING_LIMIT = "10000/1s"
  return sb
end

---@param sb tests.Sandbox
---@param ... string arguments of siterun
---@return {code: integer, stdout: string, stderr: string}
function M.run(sb, ...)
  return t.siterun { args = { ... }, env = sb.env }
end

local function command_line(sb, args)
  local unset, set = {}, {}
  for name, value in pairs(sb.env) do
    local list = value and set or unset
    list[#list + 1] = value and name .. "=" .. t.quote(value) or "-u " .. name
  end
  local words = { "env", table.concat(unset, " "), table.concat(set, " ") }
  words[#words + 1] = t.quote(t.program)
  for _, a in ipairs(args) do
    words[#words + 1] = t.quote(a)
  end
  return table.concat(words, " ")
end

---A program that runs while the test goes on.
---@class tests.Background
---@field pid integer
local Background = {}
Background.__index = Background

---@param sb tests.Sandbox
---@param ... string arguments of siterun
---@return tests.Background
function M.spawn(sb, ...)
  local line = command_line(sb, { ... })
  local pipe = assert(io.popen(("%s 2>&1 & pid=$!; echo $pid; wait $pid; echo code=$?"):format(
    "exec 3>&1; " .. line), "r"))
  return setmetatable({ pipe = pipe, pid = math.tointeger(tonumber(pipe:read("l"))) }, Background)
end

---@param signal string
function Background:kill(signal)
  assert(os.execute(("kill -%s %d"):format(signal, self.pid)))
end

---Waits for its end.
---@return {code: integer, output: string}
function Background:wait()
  local text = self.pipe:read("a")
  self.pipe:close()
  local output, code = text:match("^(.-)code=(%d+)\n?$")
  return { code = math.tointeger(tonumber(code)), output = output }
end

---@param what string
---@param condition fun(): boolean
function M.wait_for(what, condition)
  local stop = os.time() + 20
  while not condition() do
    assert(os.time() < stop, "waited in vain for " .. what)
    os.execute("sleep 0.01")
  end
end

---Every record of the journal in this state folder, bodies decoded.
---@param state string
---@return table[]
function M.records(state)
  local handle, list = assert(raw.open(state)), {}
  repeat
    local page = assert(handle:read { after_seq = #list > 0 and list[#list].seq or 0 })
    for _, record in ipairs(page) do
      record.body = record.body and json.decode(record.body)
      list[#list + 1] = record
    end
  until #page < 1000
  handle:close()
  return list
end

---How the writes of this journal ended, by their intents' numbers; false where nothing says so.
---@param state string
---@return table<integer, string|false>
function M.outcomes(state)
  local found = {}
  for _, record in ipairs(M.records(state)) do
    if record.kind == "intent" then found[record.seq] = false end
    if record.outcome then found[record.intent] = record.outcome end
  end
  return found
end

---Has the program find out what became of every write of unknown outcome.
---@param sb tests.Sandbox
---@return integer done, integer not_sent
function M.settle(sb)
  local run = M.run(sb, "reconcile", "--all", "--min-age", "0s")
  t.equal(run.code, 0, run.stdout .. run.stderr)
  local _, done = run.stdout:gsub("settled: done\n", "")
  local _, not_sent = run.stdout:gsub("settled: not done\n", "")
  return done, not_sent
end

---@return table[] tickets of the sandbox, but for the one that it began with
function M.tickets(sb)
  local list, token = {}, nil
  repeat
    local answer = sb:tk("GET", "/tickets?limit=1000&orderBy=ticketId&order=ASC", {
      headers = token and { continuationToken = token } or nil }).json
    for _, ticket in ipairs(answer.items) do
      if ticket.title:find("^write ") then list[#list + 1] = ticket end
    end
    token = answer.continuationToken
  until not token or token == json.null or token == ""
  return list
end

---How often each title is there.
---@return table<string, integer>
function M.titles(sb)
  local counts = {}
  for _, ticket in ipairs(M.tickets(sb)) do
    counts[ticket.title] = (counts[ticket.title] or 0) + 1
  end
  return counts
end

---A recipe that creates the tickets "write MARK 1" to COUNT in 4 lanes; prints their numbers.
---Arguments: MARK, COUNT; "once" as the third gives each a key.
M.WRITES = [[
local task, tk = require "task", require("ticketing").connect()
local who = { id = "u-1", name = "Ana Silva", email = "ana.silva@example.com" }
local list, mark = {}, arg[1]
for i = 1, tonumber(arg[2]) do list[i] = ("write %s %d"):format(mark, i) end
local numbers = task.map(list, function(title)
  local key = arg[3] and { once = title }
  return tk.tickets:create({ title = title, requestor = who }, key or {}).ticketNo
end, { limit = 4 })
print(table.concat(numbers, " "))
]]

return M
