---`:edit`
local file = require("c.file")
local shell = require("siterun.shell")

-- The file's time tells whether the editor saved it.
local SCRIPT = [[F=%s
touch -d @0 "$F" && eval "${VISUAL:-${EDITOR:-vi}} \"\$F\"" || exit 1
test "$(stat -c %%Y "$F")" != 0 || exit 2]]

local UNSAVED = "it was not saved: nothing was run"

---@param text string
---@return string? edited
---@return string? why there is nothing to run
local function edit(text)
  local folder, failure = file.temporary_folder()
  if not folder then
    return nil, failure.message
  end
  local path = folder .. "/chunk.lua"
  local written, problem = file.write(path, text)
  if not written then
    return nil, problem.message
  end
  local _, _, code = os.execute(SCRIPT:format(shell.quote(path)))
  if code ~= 0 then
    return nil, code == 2 and UNSAVED or "the editor failed: nothing was run"
  end
  return (file.read(path))
end

return {
  name = "edit",
  text = "opens the last chunk in $VISUAL or $EDITOR and runs it when it was saved",
  run = function(session)
    local text, why = edit(session.text or "")
    if not text then
      io.stderr:write("siterun: ", why, "\n")
    elseif text:find("%S") then
      io.stdout:write(text:find("\n$") and text or text .. "\n")
      session:run(text)
      if session.editor then
        require("repl.terminal").remember(session, text)
      end
    end
  end,
}
