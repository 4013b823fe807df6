---`siterun new NAME`: a recipe that takes arguments, its test, and what editors need.
local commandline = require("siterun.commandline")
local errors = require("siterun.errors")
local examples = require("siterun.examples")
local file = require("c.file")
local nearest = require("siterun.nearest")
local test = require("siterun.new.test")

local refuse = commandline.refuse

local SPEC = {
  name = "new",
  forms = {
    { "NAME [--from EXAMPLE]", "start a recipe in this folder" },
    { "--list", "list the examples" },
  },
  text = [[
Makes NAME.lua, a recipe that reads its arguments, NAME_test.lua, which runs it against the
sandbox, and, unless they are there, .luarc.json and what editors need to complete recipes
(.siterun/types; delete that to have it made anew). Nothing that is there is changed.]],
  options = {
    { name = "from", argument = "EXAMPLE", words = "<example>",
      text = "begin with a recipe of siterun examples" },
    { name = "list", text = "list the examples instead" },
  },
}

-- As folders and modules can be called too.
local NAME = "^[%a_][%w_-]*$"
local NAME_MAX = 60

local TYPES = ".siterun/types"

local LUARC = [[
{
  "runtime.version": "Lua 5.4",
  "workspace.library": [".siterun/types"]
}
]]

-- What examples read from standard input; false: the sandbox does not simulate what they call.
local INPUT = {
  alarm = '{"site": "Mendip Mast", "severity": "major", "text": "Door forced", '
    .. '"from": "noc@example.com"}',
  weather = false,
}

local function name_of(word)
  local name = (word or refuse("new needs the NAME of the recipe")):gsub("%.lua$", "")
  if not name:find(NAME) or #name > NAME_MAX then
    refuse("%q is no name for a recipe: letters, digits, _ and -, %d at most", word, NAME_MAX)
  end
  return name
end

local function fill(text, parts)
  return (text:gsub("@(%u+)@", parts))
end

local function example(from)
  return examples.text(from)
    or refuse("there is no example %q%s: siterun examples lists them", from,
      nearest.hint(from, examples.names()))
end

local function checks_of(from)
  if not from then
    return test.recipe
  end
  local input = INPUT[from:gsub("%.lua$", "")]
  return input == false and test.loading
    or fill(test.example, { INPUT = ("%q"):format(input or "") })
end

local function make(path, text, mode)
  local made, failure = file.create(path, text, mode)
  if not made then
    errors.raise({ kind = "usage", message = failure.message })
  end
  print(path)
end

local function make_for_editors()
  if not file.about(".luarc.json") then
    make(".luarc.json", LUARC, 420) -- 0644
  end
  if not file.about(TYPES) then
    require("siterun.stubs").write(TYPES)
    print(TYPES)
  end
end

local function check_free(...)
  for _, path in ipairs({ ... }) do
    if file.about(path) then
      refuse("%s is there already: nothing was made", path)
    end
  end
end

---@return integer exit code
return commandline.command(SPEC, function(options, rest)
  if options.list then
    return require("siterun.command.examples").run({})
  end
  local name = name_of(rest[1])
  if rest[2] then
    refuse("new takes one NAME")
  end
  local recipe, tests = name .. ".lua", name .. "_test.lua"
  local text = options.from and example(options.from) or require("siterun.new.recipe")
  local checks = fill(checks_of(options.from), { NAME = name }):gsub("\n$", "")
  check_free(recipe, tests)
  make(recipe, options.from and text or fill(text, { NAME = name }), 493) -- 0755
  make(tests, fill(test.frame, { NAME = name, CHECKS = checks }), 420) -- 0644
  make_for_editors()
  io.stderr:write("siterun: try it with: siterun ", tests, "\n")
  return 0
end)
