-- The options that every call of every client takes in its last table.
---@type table<string, siterun.Param>
return {
  timeout = { type = "number", min = 0.001, max = 86400, default = 60,
    text = "seconds that each attempt may take; waiting for the limit is not counted" },
  deadline = { type = "number", min = 0.001, max = 86400,
    text = "seconds that the whole call may take: waits, repetitions and a login included. "
      .. "`all` is one call; of `each` every page is" },
  priority = { type = "enum", values = { "high", "normal", "low" }, default = "normal",
    text = "who goes first where the limit is waited for, over all processes: a higher one "
      .. "counts as having come two windows earlier, so nothing waits for ever" },
}
