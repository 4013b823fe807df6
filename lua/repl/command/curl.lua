---`:curl`
return {
  name = "curl",
  text = "prints the last request as a command of curl, with secrets as variables",
  run = function()
    local request = require("siterun.lastcall").request
    if request then
      io.stdout:write(require("siterun.curl").command(request))
    else
      io.stderr:write("siterun: nothing was sent yet\n")
    end
  end,
}
