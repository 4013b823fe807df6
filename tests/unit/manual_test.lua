-- The manual page and --help are made of the same tables, and tell of all there is.
local commands = require "siterun.commands"
local manual = require "siterun.manual"
local t = require "tests.t"
local variables = require "siterun.variables"

local PAGE = t.write(t.scratch .. "/siterun.1", manual.page("2026-01-31"))

local function output(line)
  local pipe <close> = assert(io.popen(line .. " 2>&1"))
  return pipe:read "a"
end

local plain = output("mandoc -T ascii -O width=300 " .. PAGE .. " | sed 's/.\\x08//g'")

t.test("mandoc finds nothing to warn of", function()
  t.equal(output("mandoc -T lint -W warning " .. PAGE), "")
  t.truthy(#plain > 5000)
end)

local function tells(what)
  t.truthy(plain:find(what, 1, true), what)
end

t.test("the page tells of every option, command and exit code", function()
  for _, option in ipairs(commands.options()) do
    tells(table.concat(commands.words(option), ", ") .. (option.argument and " " .. option.argument or ""))
    tells(option.text)
  end
  for _, command in ipairs(commands.list()) do
    tells("siterun " .. command.name)
    for _, option in ipairs(commands.options_of(command)) do tells(option.text) end
  end
  for _, exit in ipairs(require("c.cli").exits()) do t.match(plain, "\n +" .. exit.code .. " +" .. exit.text) end
end)

t.test("the page tells of every variable", function()
  for _, variable in ipairs(variables) do t.match(plain, "\n +" .. variable.name .. "[ \n]") end
  for _, service in ipairs { "teleporte", "ticketing", "teamworklive" } do
    for _, setting in ipairs(require(service).declaration.settings) do
      if setting.env then tells(setting.env) end
    end
  end
end)

t.test("every variable that is read is told of", function()
  local told = { SSLKEYLOGFILE = true } -- taken away, not read
  for _, variable in ipairs(variables) do told[variable.name] = true end
  local pattern = [[(variable|getenv|base.folder)(\(| )"[A-Z_]+"]]
  local found = output("grep -rhoE '" .. pattern .. "' lua src")
  for name in found:gmatch '"(%u[%u_]+)"' do t.truthy(told[name], name) end
  t.match(found, "SITERUN_STATE")
end)

t.test("nothing of the page is a request by accident", function()
  for line in manual.page("2026-01-31"):gmatch "[^\n]+" do
    t.truthy(not line:find "^[.']" or line:find "^%.[TSPBnfibr][HSPRfir]? ?" , line)
  end
end)

for _, command in ipairs(commands.list()) do
  t.test("siterun " .. command.name .. " --help tells of its options", function()
    for _, word in ipairs { "--help", "-h" } do
      local run = t.siterun { args = { command.name, word } }
      t.equal({ run.code, run.stderr }, { 0, "" })
      t.match(run.stdout, "^usage: siterun " .. command.name)
      for _, option in ipairs(commands.options_of(command)) do
        t.truthy(run.stdout:find("  " .. require("siterun.usage").option(option), 1, true), option.name)
      end
      for line in run.stdout:gmatch "[^\n]+" do t.truthy(#line <= 100, line) end
    end
  end)
end

t.test("siterun --help tells of every command", function()
  local help = t.siterun { args = { "--help" } }.stdout
  for _, command in ipairs(commands.list()) do
    t.truthy(help:find("\n  " .. command.name .. " ", 1, true), command.name)
    t.truthy(help:find(command.summary .. "\n", 1, true), command.summary)
  end
end)
