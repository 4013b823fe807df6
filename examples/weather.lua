#!/usr/bin/env siterun
-- A service of your own, declared as data: prints the strongest gust of each coming day.
--   weather.lua LATITUDE LONGITUDE [DAYS]
local weather = require("service").declare {
  name = "weather", title = "Weather", text = "Weather forecasts.", short = "weather",
  source = "https://open-meteo.com/en/docs",
  settings = { { name = "url", env = "WEATHER_URL", type = "url", text = "address of the API",
    default = "https://api.open-meteo.com" } },
  account = { url = { setting = "url" } },
  endpoints = {
    { name = "forecast", method = "GET", path = "/v1/forecast", text = "Reads a forecast.",
      example = [[weather:forecast { latitude = 51.3, longitude = -2.6 }]],
      params = {
        { name = "latitude", type = "number", min = -90, max = 90, required = true,
          text = "degrees north", example = 51.3 },
        { name = "longitude", type = "number", min = -180, max = 180, required = true,
          text = "degrees east", example = -2.6 },
        { name = "forecast_days", type = "integer", min = 1, max = 16, default = 3,
          text = "how many days", example = 3 },
        { name = "daily", type = "string", default = "wind_gusts_10m_max",
          text = "what to tell of each day", example = "rain_sum" },
      },
      result = { kind = "any" } },
  },
}
local daily = weather.connect():forecast { latitude = tonumber(arg[1]),
  longitude = tonumber(arg[2]), forecast_days = tonumber(arg[3]) }.daily
for i, day in ipairs(daily.time) do print(day, daily.wind_gusts_10m_max[i] .. " km/h") end
