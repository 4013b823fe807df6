-- siterun tests/bench/work.lua WORKLOAD: one workload, as a recipe would do it; the last line is
-- "ok COUNT SUM". BENCH_URL is the server, BENCH_N how many requests, BENCH_C how many at once.
package.path = "./?.lua;" .. package.path

local http, json, task = require "http", require "json", require "task"

local url, n, c = os.getenv "BENCH_URL", tonumber(os.getenv "BENCH_N"), tonumber(os.getenv "BENCH_C")
local work = {}

local function one_after_another(get)
  local sum = 0
  for _ = 1, n do sum = sum + get().id end
  return n, sum
end

local function at_once(path)
  local list, count, sum = {}, 0, 0
  for i = 1, n do list[i] = i end
  task.map(list, function()
    local id = http.get(url .. path).json.id
    count, sum = count + 1, sum + id
  end, { limit = c })
  return count, sum
end

---@param limit? string
local function declared(limit)
  local client = require("tests.bench.client").connect(limit)
  return function() return client.small:get() end
end

function work.W1b() return one_after_another(function() return http.get(url .. "/small").json end) end

work.W2 = work.W1b

function work.W3() return at_once "/small" end

function work.W4()
  local page, count, sum = "1", 0, 0
  while page do
    local body = http.get(url .. "/page/" .. page).json
    for _, ticket in ipairs(body.items) do count, sum = count + 1, sum + ticket.minutes end
    page = body.continuationToken
  end
  return count, sum
end

function work.W5() return at_once "/slow" end

function work.declared() return one_after_another(declared()) end

function work.limited() return one_after_another(declared("16000/1s")) end

---The pages from memory, by json.decode or by cjson's.
local function decode(read)
  local pages, count = {}, 0
  for i = 1, n do
    local file <close> = assert(io.open(os.getenv "BENCH_PAGES" .. "/" .. i, "rb"))
    pages[i] = file:read "a"
  end
  local started = os.clock()
  for i = 1, n do count = count + #read(pages[i]).items end
  return count, math.floor((os.clock() - started) * 1e6)
end

function work.decode() return decode(json.decode) end

function work.cjson() return decode(require("cjson").decode) end

print("ok", work[arg[1]]())
