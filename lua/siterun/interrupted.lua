---The error raised by the first SIGINT. Required when it happens.
local found, errors = pcall(require, "siterun.errors")
if found and errors.new then
  return errors.new({ kind = "interrupted", message = "interrupted", sent = "unknown" })
end
return { kind = "interrupted", message = "interrupted" }
