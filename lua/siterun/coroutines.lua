---Puts the functions of c.task into the coroutine library: a call of a service inside a user's
---generator waits in the task that drives the generator, and the generator goes on.
local raw = require("c.task")
local scheduler = require("siterun.scheduler")

for name, f in pairs(raw.library(scheduler.pause)) do
  coroutine[name] = f
end
