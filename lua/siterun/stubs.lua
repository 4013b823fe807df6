---What editors complete recipes by: stubs of everything that recipes can call, with the texts of the
---declarations and of the modules' comments.
local errors = require("siterun.errors")
local file = require("c.file")
local known = require("help.known")
local module_stub = require("siterun.stubs.module")
local nearest = require("siterun.nearest")
local new_text = require("siterun.stubs.text").new
local notes = require("help.notes")
local options = require("siterun.options")
local service_stub = require("siterun.stubs.service")
local services = require("siterun.services")
local spec = require("help.spec")

local M = {}

-- Classes with methods, and the modules whose comments tell of them. Their fields are siterun's own.
local METHODS = {
  ["siterun.Client"] = { module = "siterun.client", holder = "Client" },
  ["siterun.Task"] = { module = "task", holder = "Task" },
}

local function add_class(out, class)
  local methods = METHODS[class.name]
  if methods then
    out:line("---@class %s\nlocal %s = {}", class.name, methods.holder)
  else
    out:comment(table.concat(class.lines, "\n"))
  end
  out:line()
  for _, note in ipairs(methods and notes.module(methods.module).notes or {}) do
    if note.holder == methods.holder and not note.tags.private then
      module_stub.add_note(out, note, methods.holder)
    end
  end
end

local function add_options(out)
  out:line("---@class siterun.Options what every call takes in its last table")
  for _, name in ipairs(nearest.keys(options)) do
    local made = spec.of_param({ types = {} }, options[name])
    local type = made.values and spec.alternatives(made.values, "|") or options[name].type
    out:field("field", name, true, type, made.text)
  end
  out:line()
end

---The classes that types name.
local function named(text, found)
  for line in text:gmatch("%-%-%-(@[^\n]*)") do
    for name in line:gmatch("[%a_][%w_]*[%w_.]*") do
      if not found[name] and (name:find("^%a[%w_]*%.%u") or name == "Secret") then
        found[name] = true
        found[#found + 1] = name
      end
    end
  end
end

---The classes of siterun's modules that the other stubs name, and those that these name.
local function shared(files)
  local out, found = new_text(), { ["siterun.Options"] = true }
  out:line("---@meta")
  out:line()
  add_options(out)
  for _, name in ipairs(nearest.keys(files)) do
    named(files[name], found)
  end
  named("---@siterun.Error", found)
  local at = 1
  while found[at] do
    local class = notes.class(found[at])
    if class then
      local from = #out.lines
      add_class(out, class)
      named(table.concat(out.lines, "\n", from + 1), found)
    end
    at = at + 1
  end
  return out:finish()
end

---The stubs, by the name of their file.
---@return table<string, string>
function M.files()
  local files = {}
  for _, service in ipairs(services.declarations()) do
    files[service.name .. ".lua"] = service_stub.make(service)
  end
  for _, name in ipairs(known.FACES) do
    files[name .. ".lua"] = module_stub.make(name)
  end
  files["siterun.lua"] = shared(files)
  return files
end

local function checked(done, failure)
  if not done then
    errors.raise(errors.from(failure))
  end
end

---Writes the stubs into a folder, which is made where there is none. Raises an error of kind "config"
---when that fails, or one is there already.
---@param folder string
function M.write(folder)
  checked(file.make_folder(folder, 493)) -- 0755
  for name, text in pairs(M.files()) do
    checked(file.create(folder .. "/" .. name, text, 420)) -- 0644
  end
end

return M
