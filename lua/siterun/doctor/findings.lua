-- What siterun doctor found: each thing with its place and what to do about it.
local errors = require "siterun.errors"
local line = require "siterun.line"
local secret = require "c.secret"

local M = {}

---@class siterun.Finding
---@field level "problem"|"warning"
---@field what string
---@field where string
---@field advice string
---@field code integer exit code that a problem gives; 0 of a warning

---@class siterun.Findings: siterun.Finding[]
local Findings = {}
Findings.__index = Findings

---@return siterun.Findings
function M.new()
  return setmetatable({}, Findings)
end

local function scrub(text)
  return line.clean(secret.redact(tostring(text)), 1000)
end

local function add(list, level, code, where, what, advice)
  list[#list + 1] = { level = level, code = code, where = scrub(where), what = scrub(what),
    advice = scrub(advice) }
end

---Something that stops siterun from working as it should.
---@param where string
---@param what string
---@param advice string
---@param code? integer exit code, 3 unless told
function Findings:problem(where, what, advice, code)
  add(self, "problem", code or 3, where, what, advice)
end

---Something to know.
---@param where string
---@param what string
---@param advice string
function Findings:warn(where, what, advice)
  add(self, "warning", 0, where, what, advice)
end

---A problem, from what was raised or returned as a failure.
---@param where string
---@param e any
---@param advice? string unless the error has some
function Findings:failure(where, e, advice)
  local is_ours = errors.is(e)
  local message = type(e) == "table" and e.message or tostring(e)
  local status = is_ours and e.status and (" (HTTP %d)"):format(e.status) or ""
  advice = is_ours and e.hint or advice or is_ours and require("siterun.advice").of(e)
  self:problem(where, message .. status, advice or "correct what is named",
    is_ours and errors.exit_code(e) or 3)
end

---The lowest code of a problem: configuration goes before what follows from it.
---@return integer
function Findings:code()
  local code
  for _, finding in ipairs(self) do
    if finding.level == "problem" then code = math.min(code or finding.code, finding.code) end
  end
  return code or 0
end

---Is any of the findings from `first` on a problem?
---@param first integer
---@return boolean
function Findings:has_problem(first)
  for i = first, #self do
    if self[i].level == "problem" then return true end
  end
  return false
end

return M
