-- siterun tests/docs.lua [--check] FILE: puts the tables of the declarations, of the command line and
-- of the session's commands between the file's markers; with --check only says whether they are there. Exit 1 when they are not.
local docs = require "siterun.docs"
local manual = require "siterun.manual"
local session = require "repl.commands"

local function commands()
  local lines = { "| command | what |", "| --- | --- |" }
  for _, command in ipairs(session.LIST) do
    local call = session.call(command):gsub("|", "\\|")
    lines[#lines + 1] = ("| `%s` | %s |"):format(call, command.text)
  end
  return table.concat(lines, "\n") .. "\n"
end

local TABLES = {
  services = docs.readme, ["command line"] = manual.readme, commands = commands,
}

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function filled(text, path, name)
  local mark, last_mark = "<!-- " .. name .. " -->\n", "<!-- end of " .. name .. " -->"
  local _, first = text:find(mark, 1, true)
  local last = first and text:find(last_mark, first, true)
  if not last then error(path .. " has no markers for the " .. name, 0) end
  return text:sub(1, first) .. "\n" .. TABLES[name]() .. "\n" .. text:sub(last)
end

local check = arg[1] == "--check"
local path = arg[#arg]
local before = read(path)
local after = before
for name in pairs(TABLES) do after = filled(after, path, name) end
if check and after ~= before then
  io.stderr:write(path, ": the tables are not those of the declarations: make docs\n")
  os.exit(1)
end
if not check and after ~= before then write(path, after) end
