-- Each declared endpoint has what makes it usable and proves it.
local t = require "tests.t"

local SERVICES = { "teleporte", "ticketing", "teamworklive" }

local function case_text(service)
  return t.read("tests/case/" .. service .. ".lua")
end

---How a case calls the endpoint: "tickets:get(", "tags:all(", 'resource("x"):get('.
local function is_called(text, endpoint)
  local names = { endpoint.method_name }
  if endpoint.method_name == "list" then names = { "list", "all", "each" } end
  local holder = endpoint.bound and endpoint.resource .. "%b()" or endpoint.resource or "%f[%w]%w+"
  for _, name in ipairs(names) do
    if text:find(holder .. ":" .. name .. "[ ({]") then return true end
  end
  return false
end

for _, name in ipairs(SERVICES) do
  local declared = require(name).declaration
  local handlers = require("sandbox." .. name).handlers

  t.test(name .. ": each endpoint has a handler in the sandbox, each handler an endpoint", function()
    for _, endpoint in ipairs(declared.endpoints) do t.truthy(handlers[endpoint.name], endpoint.name) end
    for operation in pairs(handlers) do t.truthy(declared.by_name[operation], operation) end
  end)

  t.test(name .. ": each endpoint has a case", function()
    local text = case_text(name)
    for _, endpoint in ipairs(declared.endpoints) do
      t.truthy(endpoint.automatic or is_called(text, endpoint), endpoint.name)
    end
  end)

  t.test(name .. ": each setting has a text, each write a way to look", function()
    for _, setting in ipairs(declared.settings) do t.truthy(#setting.text > 5, setting.name) end
    for _, endpoint in ipairs(declared.endpoints) do
      t.truthy(not endpoint.write or endpoint.automatic or endpoint.look, endpoint.name)
    end
  end)

  t.test(name .. ": each endpoint has a row in the documentation", function()
    local docs = require "siterun.docs"
    local text = docs.calls(declared)
    for _, endpoint in ipairs(declared.endpoints) do
      local row = endpoint.automatic or text:find(docs.signature(declared, endpoint), 1, true)
      t.truthy(row, endpoint.name)
    end
  end)
end
