-- Plans on the disk: JSON, for the owner alone, without a secret, sealed by a fingerprint so
-- that damage shows.
local errors = require "siterun.errors"
local file = require "c.file"
local journal = require "siterun.journal"
local json = require "c.json"

local M = {}

local VERSION = 1

-- Fields of a plan and of its writes -> type; "?" marks what may be missing.
local PLAN = { id = "string", made = "string", recipe = "string", name = "string",
  hash = "string", arguments = "table", modules = "table", folder = "string?",
  profile = "string?", config = "string?", sandbox = "boolean", any_order = "boolean",
  writes = "table" }

local WRITE = { number = "number", service = "string", operation = "string",
  method = "string", address = "string", path = "string", query = "string", body = "string?",
  content = "string", occurrence = "number", once = "string?", made = "table?" }

local function refuse(form, ...)
  errors.raise { kind = "usage", message = string.format(form, ...) }
end

local function read(path)
  local from, problem = io.open(path, "rb")
  local text = from and from:read "a"
  if from then from:close() end
  return text or refuse("cannot read the plan %s", problem or path)
end

local function seal(plan)
  local out = {}
  for name, value in pairs(plan) do
    if name ~= "seal" then out[name] = value end
  end
  return journal.fingerprint(assert(json.encode(out)))
end

local function check_fields(path, what, t, spec)
  if type(t) ~= "table" then refuse("%s is damaged: %s is no object", path, what) end
  for name, kind in pairs(spec) do
    local plain, optional = kind:match "^(%a+)(%??)$"
    local is = type(t[name])
    if is ~= plain and not (optional == "?" and is == "nil") then
      refuse("%s is damaged: %s has no good %q", path, what, name)
    end
  end
end

local function check(path, plan)
  if plan.siterun_plan ~= VERSION then
    refuse("%s is a plan of a later version of siterun", path)
  end
  if plan.seal ~= seal(plan) then
    refuse("%s is damaged, or was changed since it was made: make a new plan", path)
  end
  check_fields(path, "the plan", plan, PLAN)
  for i, entry in ipairs(plan.writes) do
    check_fields(path, "write " .. i, entry, WRITE)
    if entry.number ~= i then refuse("%s is damaged: write %d is missing", path, i) end
  end
end

---@param path string
---@return siterun.Plan
function M.read(path)
  local text = read(path)
  local plan, problem = json.decode(text)
  if type(plan) ~= "table" or plan.siterun_plan == nil then
    refuse("%s is no plan of siterun%s", path,
      plan == nil and " (" .. tostring(problem) .. ")" or "")
  end
  check(path, plan)
  return plan
end

-- The run that makes the plan may have taken an hour when it is written.
local function check_folder(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  local about = file.about(folder ~= "" and folder or "/")
  if not about or about.kind ~= "folder" or not about.is_writable then
    refuse("%s can't be made: its folder is not there, or not writable: name another with -o",
      path)
  end
end

---Refuses a place where something else lies than a plan, or where none can be made.
---@param path string
function M.check_place(path)
  check_folder(path)
  local from = io.open(path, "rb")
  if not from then return end
  local text = from:read "a"
  from:close()
  local found = text and text ~= "" and json.decode(text)
  local is_plan = type(found) == "table" and found.siterun_plan ~= nil
  if text ~= "" and not is_plan then
    refuse("%s is there already and is no plan: name another place with -o", path)
  end
end

---@param path string
---@param plan siterun.Plan
function M.write(path, plan)
  plan.siterun_plan = VERSION
  plan.seal = seal(plan)
  local written, failure = file.write(path, assert(json.encode(plan)) .. "\n")
  if not written then errors.raise(errors.from(failure)) end
end

return M
