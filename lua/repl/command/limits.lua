---`:limits`
local script = require("siterun.script")

return {
  name = "limits",
  text = "shows what is left of each configured account's limit",
  run = function()
    script.call(require("siterun.command.limits").run, {})
  end,
}
