-- What a declared call costs more than http.get of the same, and its limit more than that: processor
-- time, the three in turn. tests/bench/served ./siterun tests/bench/declared.lua
local http = require "http"
local service = require "service"

local ROUNDS, EACH = 15, 2000

-- In one window there is room for the calls of all rounds.
local LIMITED = 200

local URL = os.getenv "BENCH_URL"

---@param limit? table of the account
local function connect(name, limit)
  local bench = service.declare {
    name = name, title = "Bench", text = "Tickets.", source = "none", short = "b",
    settings = {
      { name = "url", type = "url", required = true, text = "address" },
      { name = "token", type = "secret", required = true, text = "token" },
      { name = "limit", type = "limit", default = "4000/1s", text = "requests per window" },
    },
    account = {
      url = { setting = "url" }, limit = limit,
      auth = { kind = "header", name = "Authorization", prefix = "Bearer ",
        secret = { setting = "token" } },
    },
    endpoints = {
      { name = "tickets:get", method = "GET", path = "/tickets/{id}", text = "Reads a ticket.",
        example = "b.tickets:get(4711)",
        params = { { name = "id", type = "id", text = "id", example = 4711 } },
        result = { kind = "object" } },
    },
  }
  return bench.connect { url = URL, token = "bench-token-4711" }
end

local plain, limited = connect "plain", connect("limited", { setting = "limit" })

local ways = {
  { name = "http.get", call = function() return http.get(URL .. "/tickets/4711").json end },
  { name = "declared", call = function() return plain.tickets:get(4711) end },
  { name = "declared, with a limit", call = function() return limited.tickets:get(4711) end,
    each = LIMITED },
}

local function microseconds(way)
  local count = way.each or EACH
  local before = os.clock()
  for _ = 1, count do assert(way.call().id == 4711) end
  return (os.clock() - before) / count * 1e6
end

for round = 0, ROUNDS do
  for _, way in ipairs(ways) do
    local took = microseconds(way)
    way.best = round > 0 and math.min(way.best or took, took) or nil
  end
end
for _, way in ipairs(ways) do
  print(("%-24s %6.1f us %+7.1f"):format(way.name, way.best, way.best - ways[1].best))
end
