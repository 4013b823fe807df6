---`:more`
return {
  name = "more",
  text = "shows the next screenful of a long result",
  run = function()
    local text = require("view").more()
    if text == "" then io.stderr:write("siterun: there is no more to show\n") end
    io.stdout:write(text)
  end,
}
