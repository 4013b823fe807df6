-- Prints what the declarations say as Markdown tables, for the README.
local nearest = require "siterun.nearest"
local options = require "siterun.options"
local services = require "siterun.services"
local spec = require "help.spec"

local M = {}

local function cell(text)
  return (tostring(text):gsub("|", "\\|"):gsub("\n", " "))
end

local function row(...)
  local cells = table.pack(...)
  for i = 1, cells.n do cells[i] = cell(cells[i]) end
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function code(text)
  return "`" .. text .. "`"
end

---"integer 1 to 1000", "list of string": a parameter's type in words.
---@param param siterun.Param
---@return string
function M.type(param)
  if param.type == "enum" then
    local values = {}
    for i, value in ipairs(param.values) do values[i] = code(tostring(value)) end
    return table.concat(values, ", ")
  end
  return spec.words(param)
end

---How a call is written: "tk.tickets:update(ticket_id, { ... })".
---@param service siterun.Service
---@param endpoint siterun.Endpoint
---@return string
function M.signature(service, endpoint)
  local args, named = {}, false
  for _, param in ipairs(endpoint.params) do
    if param.positional then
      args[#args + 1] = param.name
    elseif param.name ~= endpoint.bound and not param.option then
      named = true
    end
  end
  args[#args + 1] = named and "{ ... }" or endpoint.open and "query?" or nil
  local holder = service.short .. (endpoint.resource and "." .. endpoint.resource or "")
  if endpoint.bound then
    holder = string.format("%s:%s(name)", service.short, endpoint.resource)
  end
  return string.format("%s:%s(%s)", holder, endpoint.method_name, table.concat(args, ", "))
end

---@param service siterun.Service
---@return string Markdown
function M.settings(service)
  local lines = { row("variable", "key", "what"), "| --- | --- | --- |" }
  for _, setting in ipairs(service.settings) do
    local text = setting.text
    if setting.default then text = string.format("%s (%s)", text, setting.default) end
    lines[#lines + 1] = row(setting.env and code(setting.env) or "", code(setting.name), text)
  end
  return table.concat(lines, "\n")
end

---@param service siterun.Service
---@return string Markdown
function M.calls(service)
  local lines = { row("call", "request", "what"), "| --- | --- | --- |" }
  for _, endpoint in ipairs(service.endpoints) do
    if not endpoint.automatic then
      local text = endpoint.text .. (endpoint.public and " *" or "")
      if endpoint.method_name == "list" then text = text .. " With `:each` and `:all`." end
      lines[#lines + 1] = row(code(M.signature(service, endpoint)),
        code(endpoint.method .. " " .. endpoint.path), text)
    end
  end
  return table.concat(lines, "\n")
end

local function needed(param)
  return param.required and "yes" or param.default ~= nil and code(tostring(param.default))
    or ""
end

---@param service siterun.Service
---@return string Markdown
function M.parameters(service)
  local lines = { row("call", "parameter", "type", "needed or default", "what"),
    "| --- | --- | --- | --- | --- |" }
  for _, endpoint in ipairs(service.endpoints) do
    local name = endpoint.name
    for _, param in ipairs(endpoint.automatic and {} or endpoint.params) do
      local text = param.text .. (param.public and " *" or "")
        .. (param.option and " (option)" or "")
      lines[#lines + 1] = row(name, code(param.name), M.type(param), needed(param), text)
      name = ""
    end
  end
  return table.concat(lines, "\n")
end

---What the types mean that the service names itself.
---@param service siterun.Service
---@return string Markdown
function M.types(service)
  local names, lines = nearest.keys(service.types), {}
  for i, name in ipairs(names) do
    local declared, fields = service.types[name], {}
    for j, field in ipairs(declared.fields or {}) do fields[j] = code(field.name) end
    local listed = #fields > 0 and ": " .. table.concat(fields, ", ") or ""
    lines[i] = string.format("- %s: %s%s", code(name), declared.text, listed)
  end
  return table.concat(lines, "\n")
end

---Everything about one service.
---@param service siterun.Service
---@return string Markdown
function M.service(service)
  return table.concat({
    string.format("### %s", service.title),
    string.format("%s `local %s = require(\"%s\").connect()` · %s", service.text, service.short,
      service.name, service.source),
    M.settings(service), M.calls(service),
    "<details><summary>Parameters</summary>\n\n" .. M.parameters(service)
      .. "\n\n" .. M.types(service) .. "\n</details>",
    "",
  }, "\n\n")
end

---The options that every call takes.
---@return string Markdown
function M.options()
  local lines = { row("option", "type", "default", "what"), "| --- | --- | --- | --- |" }
  for _, name in ipairs(nearest.keys(options)) do
    local option = options[name]
    lines[#lines + 1] = row(code(name), M.type(option), needed(option), option.text)
  end
  return table.concat(lines, "\n")
end

---The tables of all three services, as they stand in the README between its markers.
---@return string Markdown
function M.readme()
  local parts = {}
  for i, service in ipairs(services.declarations()) do parts[i] = M.service(service) end
  parts[#parts + 1] = "### Options of every call\n\n" .. M.options() .. "\n"
  parts[#parts + 1] = "\\* not in the vendor's document, but in use by others\n"
  return table.concat(parts, "\n")
end

return M
