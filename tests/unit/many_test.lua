-- Calls at the same time: few, many, idle ones among busy ones, some of them cancelled.
local http = require "http"
local peer = require "tests.peer"
local t = require "tests.t"
local task = require "task"

-- More than one multi handle of libcurl's takes.
local MANY = 300

local function held(label)
  return { on = "GET /held", times = 0, hold = label }
end

local function start(listener, count)
  local calls = {}
  for i = 1, count do calls[i] = task.spawn(http.get, listener.url .. "/held") end
  return calls
end

---Waits until so many requests have come since the listener's script was set.
local function await(listener, count)
  for _ = 1, 1000 do
    if #listener:record().requests >= count then return end
    task.sleep(0.01)
  end
  error("waited in vain")
end

local function statuses(calls)
  local count = 0
  for _, call in ipairs(calls) do count = count + (call:join().status == 200 and 1 or 0) end
  return count
end

t.test("hundreds at a time each have a connection, which serves again", function()
  local listener <close> = peer.listen({}, { held "go" })
  local calls = start(listener, MANY)
  await(listener, MANY)
  listener:release "go"
  t.equal(statuses(calls), MANY)
  t.equal(statuses(start(listener, MANY)), MANY)
  t.equal(listener:record().connections, MANY)
end)

t.test("calls that are cancelled leave the others alone", function()
  for _, count in ipairs { 10, 100, MANY } do
    local listener <close> = peer.listen({}, { held "go" })
    local calls, kept = start(listener, count), {}
    await(listener, count)
    for i = count, 1, -1 do
      if i % 2 == 0 then calls[i]:cancel() else kept[#kept + 1] = calls[i] end
    end
    listener:release "go"
    t.equal(statuses(kept), count // 2)
    t.equal(statuses(start(listener, count)), count)
  end
end)

t.test("idle calls among busy ones are answered in the end", function()
  local listener <close> = peer.listen({}, { held "go", { on = "GET /busy", times = 0 } })
  local idle = start(listener, 30)
  await(listener, 30)
  for _ = 1, 100 do t.equal(http.get(listener.url .. "/busy").status, 200) end
  listener:release "go"
  t.equal(statuses(idle), 30)
  t.equal(http.get(listener.url .. "/busy").status, 200)
end)
