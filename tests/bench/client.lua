-- The least of a declared service, on the server of the bench.
local M = {}

---@param limit? string as in TICKETING_LIMIT; none unless given
function M.declare(limit)
  return require("service").declare {
    name = "bench", title = "Bench", text = "What is measured.", short = "b", source = "tests/bench",
    settings = { { name = "url", env = "BENCH_URL", type = "url", required = true, text = "address" },
      { name = "token", env = "BENCH_TOKEN", type = "secret", required = true, text = "token" },
      { name = "limit", type = "limit", default = limit, text = "requests per window" } },
    account = { url = { setting = "url" }, limit = limit and { setting = "limit" } or nil,
      auth = { kind = "header", name = "Authorization", secret = { setting = "token" } } },
    hints = {},
    endpoints = { { name = "small:get", method = "GET", path = "/small", text = "Gets it.",
      example = "b.small:get()", params = {}, result = { kind = "object" } } },
  }
end

function M.connect(limit)
  return M.declare(limit).connect { token = "bench-token" }
end

return M
