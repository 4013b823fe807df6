-- A service that a user declares has all that the built-in ones have.
local case = require "tests.case"
local service = require "service"

local weather = service.declare {
  name = "weather", title = "Weather", text = "What it is like outside.",
  source = "https://weather.example/docs", short = "w",
  settings = {
    { name = "url", env = "WEATHER_URL", type = "url", required = true, text = "address" },
    { name = "token", env = "WEATHER_TOKEN", type = "secret", required = true, text = "token" },
    { name = "limit", type = "limit", default = "10/1s", text = "requests per window" },
  },
  account = {
    url = { setting = "url" }, limit = { setting = "limit" },
    auth = { kind = "header", name = "Authorization", prefix = "Bearer ", secret = { setting = "token" } },
  },
  hints = { auth = "ask the weather office for a token" },
  endpoints = {
    { name = "forecasts:list", method = "GET", path = "/stations/{station}/forecasts",
      text = "Lists forecasts.", example = "w.forecasts:list(7, { days = 2 })",
      params = {
        { name = "station", type = "id", text = "station", example = 7 },
        { name = "days", type = "integer", min = 1, max = 14, default = 3, text = "how many", example = 2 },
      },
      paging = { token = "cursor", first_only = {}, id = "id", size = "days", each_size = 14 },
      result = { kind = "page" } },
    { name = "warnings:create", method = "POST", path = "/warnings", wrap = "warning",
      text = "Raises a warning.", example = "w.warnings:create { level = 'red' }",
      params = { { name = "level", type = "enum", values = { "yellow", "red" }, required = true,
        to = "meta.level", text = "level", example = "red" } },
      result = { kind = "object" } },
  },
}

local function connect(listener)
  return weather.connect { url = listener.url, token = "W-TOKEN" }
end

case "reads with its header, limit and default" {
  given = { { json = { items = { { id = 1 } } } } },
  call = function(listener) return connect(listener).forecasts:list(7) end,
  sends = { { "GET /stations/7/forecasts?days=3", headers = { authorization = "Bearer W-TOKEN" } } },
  result = { items = { { id = 1 } } },
}

case "writes with its body" {
  given = { { status = 201, json = { id = 5 } } },
  call = function(listener) return connect(listener).warnings:create { level = "red" } end,
  sends = { { "POST /warnings", body = '{"warning":{"meta":{"level":"red"}}}' } },
  result = { id = 5 },
}

case "checks before sending" {
  call = function(listener) return connect(listener).forecasts:list(7, { days = 15 }) end,
  sends = {},
  error = { kind = "usage", service = "weather", message = "days must be 1 to 14, not 15" },
}

case "gives its own advice" {
  given = { { status = 401, json = { message = "who?" } } },
  call = function(listener) return connect(listener).warnings:create { level = "red" } end,
  error = { kind = "auth", hint = "ask the weather office for a token" },
}
