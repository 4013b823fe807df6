local function execute(chunk, message, ...)
  if not chunk then
    error(message, 0)
  end
  local found, task = pcall(require, "task")
  if found and task.run then
    return task.run(chunk, ...)
  end
  return chunk(...)
end

---@param args string[]
---@return integer exit code
return function(args)
  local i = 1
  local settings = require("siterun.settings")
  while args[i] and args[i]:sub(1, 2) == "--" do
    settings[args[i]:sub(3):gsub("-", "_")] = true
    i = i + 1
  end
  if args[i] == "-e" then
    execute(load(args[i + 1], "=(command line)"))
    i = i + 2
  end
  if args[i] then
    arg = table.move(args, i, #args, 0, {})
    local chunk, message = loadfile(arg[0])
    execute(chunk, message, table.unpack(arg))
  end
  return 0
end
