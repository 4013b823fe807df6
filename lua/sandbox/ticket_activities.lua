---What happens to tickets, and the record of it.
local view = require("sandbox.ticket_view")

local M = {}

---@param ticket table
---@param action string
---@param call sandbox.Call
---@param comment? string
---@param changes? table[]
---@return table IActivity
function M.add(ticket, action, call, comment, changes)
  local history = view.activities(ticket)
  local entry = { action = action, at = call.now, by = call.json.user, comment = comment,
    changes = changes }
  history[#history + 1] = entry
  return view.activity(ticket, entry, #history)
end

---Puts the ticket into a state, with all that follows.
---@param ticket table
---@param state sandbox.State
---@param call sandbox.Call
function M.settle(ticket, state, call)
  view.activities(ticket) -- those of before are told from the present fields
  ticket.state = state
  ticket.firstResponse = ticket.firstResponse or call.now
  if state.resolved then
    ticket.resolution = call.json.resolution or ticket.resolution or "fixed"
    ticket.resolvedAt = call.now
    ticket.comment = call.json.comment
  else
    ticket.resolution, ticket.resolvedAt = nil, nil
  end
end

return M
