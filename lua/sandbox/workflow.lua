---The states that a ticket can be in: the documented workflow, and workflows that customers
---made, whose labels are in their own language.

---@class sandbox.State
---@field id string
---@field label string
---@field resolved boolean
---@field next table<string, boolean> ids of the states that may follow

local M = {}

local function workflow(prefix, labels)
  local function state(name, resolved, next)
    local following = {}
    for _, follower in ipairs(next) do
      following[prefix .. follower] = true
    end
    return { id = prefix .. name, label = labels[name], resolved = resolved, next = following }
  end
  return {
    state("open", false, { "started", "resolved", "closed" }),
    state("started", false, { "resolved", "closed" }),
    state("resolved", true, { "closed", "reopened" }),
    state("closed", true, { "reopened" }),
    state("reopened", false, { "started", "resolved", "closed" }),
  }
end

---@type table<string, sandbox.State[]>
M.workflows = {
  en = workflow("", { open = "Open", started = "Started", resolved = "Resolved",
    closed = "Closed",
    reopened = "Reopened" }),
  nl = workflow("nl-", { open = "Nieuw", started = "In behandeling", resolved = "Opgelost",
    closed = "Gesloten", reopened = "Heropend" }),
  fr = workflow("fr-", { open = "Nouveau", started = "En cours", resolved = "Résolu",
    closed = "Fermé", reopened = "Rouvert" }),
  vi = workflow("vi-", { open = "Mới", started = "Đang xử lý", resolved = "Đã giải quyết",
    closed = "Đã đóng", reopened = "Mở lại" }),
}

---@param name string of a workflow
---@param wanted string a label (blanks around it do not matter) or an id
---@return sandbox.State|nil
function M.find(name, wanted)
  wanted = wanted:match("^%s*(.-)%s*$")
  for _, state in ipairs(M.workflows[name]) do
    if state.label == wanted or state.id == wanted then
      return state
    end
  end
end

return M
