---`:quit`
return {
  name = "quit",
  text = "ends the session, as Ctrl-D does",
  run = function(session)
    session.ended = true
  end,
}
