---`:bt`
return {
  name = "bt",
  text = "shows where the last error was raised",
  run = function(session)
    local failure = session.error
    if not failure then
      io.stderr:write("siterun: there was no error\n")
      return
    end
    local trace = failure.trace ~= "" and failure.trace or "\n\tno frame of yours was running"
    local text = failure.message .. "\nstack traceback:" .. trace
    io.stderr:write(require("c.display").clean(text, true), "\n")
  end,
}
