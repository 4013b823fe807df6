---`siterun limits`: what is left of each configured account's limit, over all running processes.
local account = require("siterun.account")
local commandline = require("siterun.commandline")
local config = require("siterun.config")
local config_file = require("siterun.config.file")
local errors = require("siterun.errors")
local json = require("json")
local services = require("siterun.services")

local SPEC = {
  name = "limits",
  forms = { { "[--json]" } },
  text = [[
Shows, for each configured service, what its limit allows now, over all processes that
share it:

used     requests in flight, or less than a window after their answer
free     how many could be sent at once
wait     seconds until a request that comes now can be sent
waiting  requests that wait for their turn
paused   seconds for which the service asked to send nothing]],
  options = { { name = "json", text = "one list of objects" } },
}

local COLUMNS = { "service", "limit", "window", "used", "free", "wait", "waiting", "paused" }

local function read_account(declaration)
  if not config.is_configured(declaration.name, declaration.settings) then return nil end
  local settings = config.service(declaration.name, declaration.settings)
  local row = account.open(declaration, settings).handle:limits()
  row.service = declaration.name
  return row
end

---What is wrong with one service does not hide the others.
---@return table[] rows, integer code
local function read_all()
  local rows, code = {}, 0
  for _, service in ipairs(services.declarations()) do
    local ok, row = pcall(read_account, service)
    if ok then
      rows[#rows + 1] = row
    else
      io.stderr:write("siterun limits: ", tostring(row), "\n")
      code = errors.exit_code(row)
    end
  end
  return rows, code
end

---Whole seconds are written without a fraction.
local function plain(value)
  return math.type(value) == "float" and math.tointeger(value) or value
end

local function print_json(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {}
    for _, name in ipairs(COLUMNS) do
      list[i][name] = row[name] == nil and json.null or plain(row[name])
    end
  end
  print(json.encode(json.array(list)))
end

local function cell(row, name)
  local value = plain(row[name])
  if value == nil then return name == "limit" and "none" or "-" end
  return math.type(value) == "float" and ("%.1f"):format(value) or tostring(value)
end

local function print_line(cells)
  print((("%-13s" .. (" %7s"):rep(#cells - 1)):format(table.unpack(cells))))
end

local function print_table(rows)
  print_line(COLUMNS)
  for _, row in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(COLUMNS) do cells[i] = cell(row, name) end
    print_line(cells)
  end
end

local function complain_of_none()
  local path, others = config.load().path, config_file.without_default()
  if others then
    local form = "siterun limits: no service is configured: %s has no profile %q: "
      .. "choose one with --profile: %s\n"
    io.stderr:write(form:format(path, config.load().profile, table.concat(others, ", ")))
    return 3
  end
  io.stderr:write("siterun limits: no service is configured: set the environment",
    path and " or write " .. path or "", ", or run siterun --sandbox limits\n")
  return 3
end

---@return integer exit code
return commandline.command(SPEC, function(options, rest)
  if rest[1] then
    commandline.refuse("limits takes no %q", rest[1])
  end
  local rows, code = read_all()
  if options.json then
    print_json(rows)
  elseif #rows > 0 then
    print_table(rows)
  end
  return code == 0 and #rows == 0 and complain_of_none() or code
end)
