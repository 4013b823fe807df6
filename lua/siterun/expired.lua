local errors = require("siterun.errors")

---The error of a run that computes beyond its deadline.
---@return siterun.Error
return function()
  return errors.new({ kind = "deadline", sent = "unknown",
    message = "the run went on beyond its deadline" })
end
