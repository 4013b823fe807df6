---The request that was sent last, whatever became of it.
---@class siterun.LastCall
---@field request? siterun.Request
return {}
