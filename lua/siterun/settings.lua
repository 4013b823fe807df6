---What the command line asks for. The host fills this table before any user code runs.
---@class siterun.Settings
---@field profile? string name of a profile of the configuration file
---@field config? string path of the configuration file
---@field sandbox boolean simulated services for this run
---@field dry_run boolean writes are printed, not sent
---@field trace boolean one line per exchange on stderr
---@field quiet boolean
---@field color "auto"|"always"|"never"
---@field output? "json"|"ndjson"|"csv"|"table" how returned values are written; not at all unless told
---@field deadline? number seconds that the whole run may take
---@field terminal boolean can somebody be asked?
---@field argv0 string the program as it was called
local M = {
  sandbox = false,
  dry_run = false,
  trace = false,
  quiet = false,
  color = "auto",
  terminal = false,
  argv0 = "siterun",
}

return M
