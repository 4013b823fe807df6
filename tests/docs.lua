-- siterun tests/docs.lua [--check] FILE: puts the tables of the declarations between the file's
-- markers; with --check only says whether they are there. Exit 1 when they are not.
local docs = require "siterun.docs"

local FIRST, LAST = "<!-- services -->\n", "<!-- end of services -->"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function filled(text, path)
  local _, first = text:find(FIRST, 1, true)
  local last = first and text:find(LAST, first, true)
  if not last then error(path .. " has no markers for the services", 0) end
  return text:sub(1, first) .. "\n" .. docs.readme() .. "\n" .. text:sub(last)
end

local check = arg[1] == "--check"
local path = arg[#arg]
local before = read(path)
local after = filled(before, path)
if check and after ~= before then
  io.stderr:write(path, ": the tables are not those of the declarations: make docs\n")
  os.exit(1)
end
if not check and after ~= before then write(path, after) end
