---`:all`
return {
  name = "all",
  text = "shows the rest of a long result",
  run = function()
    local text = require("view").more(0)
    if text == "" then io.stderr:write("siterun: there is no more to show\n") end
    io.stdout:write(text)
  end,
}
