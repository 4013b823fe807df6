---`:history`
local display = require("c.display")
local secret = require("c.secret")

return {
  name = "history",
  argument = "[TEXT]",
  text = "lists what was typed, or the chunks that hold a text",
  run = function(session, text)
    local chunks = session.editor and session.editor:history() or session.chunks
    for _, chunk in ipairs(chunks) do
      chunk = secret.redact(chunk)
      if chunk:find(text, 1, true) then
        io.stdout:write(display.clean((chunk:gsub("\n*$", "\n")), true))
      end
    end
  end,
}
