---`siterun examples`: the recipes that come with siterun.
local commandline = require("siterun.commandline")
local examples = require("siterun.examples")
local nearest = require("siterun.nearest")
local usage = require("siterun.usage")

local SPEC = {
  name = "examples",
  forms = { { "", "list the recipes that come with siterun" }, { "NAME", "print one" } },
  text = [[
Each does one job and can be tried against the sandbox:

  siterun examples export > export.lua && siterun --sandbox export.lua

siterun new NAME --from EXAMPLE starts a recipe, and a test, from one.]],
  options = {},
  words = "<example>",
}

local function list()
  local rows = {}
  for i, name in ipairs(examples.names()) do
    rows[i] = { name, examples.summary(examples.text(name)) }
  end
  io.stdout:write(usage.columns(rows), "\n")
  return 0
end

---@return integer exit code
return commandline.command(SPEC, function(_, rest)
  if not rest[1] then
    return list()
  elseif rest[2] then
    commandline.refuse("examples takes one NAME")
  end
  local text = examples.text(rest[1])
    or commandline.refuse("there is no example %q%s: siterun examples lists them", rest[1],
      nearest.hint(rest[1], examples.names()))
  io.stdout:write(text)
  return 0
end)
