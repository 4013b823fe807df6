---`:limits`
return {
  name = "limits",
  text = "shows what is left of each configured account's limit",
  run = function()
    require("siterun.command.limits").run({})
  end,
}
