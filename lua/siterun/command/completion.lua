---`siterun completion SHELL`: the script that completes siterun's command line in a shell.
local commandline = require("siterun.commandline")
local lists = require("siterun.completion.lists")
local nearest = require("siterun.nearest")

local refuse = commandline.refuse

local SHELLS = { "bash", "zsh", "fish" }

local SPEC = {
  name = "completion",
  forms = { { "bash|zsh|fish" } },
  text = [[
Prints the script that completes siterun's commands, options, values, profiles and runs:

  bash   . <(siterun completion bash)       in ~/.bashrc
  zsh    . <(siterun completion zsh)        in ~/.zshrc, after compinit
  fish   siterun completion fish | source   in ~/.config/fish/config.fish]],
  options = {
    { name = "list", argument = "WHAT", text = "names for a script", hidden = true },
  },
  words = table.concat(SHELLS, " "),
}

---@return integer exit code
return commandline.command(SPEC, function(options, rest)
  if options.list then
    for _, name in ipairs(lists.read(options.list)) do
      io.stdout:write(name, "\n")
    end
    return 0
  end
  local shell = rest[1] or refuse("completion needs a shell: bash, zsh or fish")
  for _, known in ipairs(SHELLS) do
    if shell == known and not rest[2] then
      io.stdout:write(require("siterun.completion." .. shell)())
      return 0
    end
  end
  refuse("there is no completion for %s%s: there are bash, zsh and fish",
    table.concat(rest, " "), nearest.hint(shell, SHELLS))
end)
