local errors = require("siterun.errors")

---The error of a run that SIGINT stops.
---@return siterun.Error
return function()
  return errors.new({ kind = "interrupted", message = "by SIGINT", sent = "unknown" })
end
