-- siterun tests/bench/counted.lua WORK TIMES [TASKS]: does it that often; what count.lua counts.
package.path = "./?.lua;" .. package.path

local json = require "json"

local times, url = tonumber(arg[2]), os.getenv "BENCH_URL"
local work = {}

local function rows()
  local list = {}
  for i = 1, 100 do
    list[i] = { id = i, title = "Generator does not start at site " .. i, status = "Open", score = i / 8,
      description = ("Since 06:00 no \"output\"\n"):rep(4), tags = { "power", "visit" }, assignee = json.null,
      requester = { id = i * 7, name = "Hưng Nguyễn" }, createdOn = "2026-07-01T10:00:00Z" }
  end
  return { items = list, continuationToken = "2" }
end

local function again(f) for _ = 1, times do f() end end

function work.get()
  local http = require "http"
  again(function() return http.get(url .. "/small").json.id end)
end

function work.crowd()
  local http, task = require "http", require "task"
  local list = {}
  for i = 1, times do list[i] = i end
  task.map(list, function() return http.get(url .. "/small").json.id end, { limit = tonumber(arg[3]) })
end

function work.declared()
  local c = require("tests.bench.client").connect()
  again(function() return c.small:get() end)
end

function work.limited()
  local c = require("tests.bench.client").connect "16000/1s"
  again(function() return c.small:get() end)
end

function work.decode()
  local text = json.encode(rows())
  again(function() return json.decode(text) end)
end

function work.encode()
  local value = rows()
  again(function() return json.encode(value) end)
end

collectgarbage("stop") -- a cycle more or less would show
work[arg[1]]()
