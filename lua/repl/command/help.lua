---`:help`
return {
  name = "help",
  argument = "[NAME]",
  text = "lists these commands, or does as help \"NAME\"",
  words = function()
    return require("help").names()
  end,
  run = function(_, name)
    io.stdout:write(require("help").text(name == "" and "commands" or name))
  end,
}
