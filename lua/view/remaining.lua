-- How long something will still take: by its pace, and by what the accounts' limits allow.
local M = {}

---Seconds until the limit lets so many calls go. While slots are free, those beyond them go with
---the windows that begin now; after that, `wait` is when one would go that comes behind all who
---wait, and with it a window's worth.
---@param calls number those that wait already among them
---@param limits table as account:limits() gives it
---@return number
function M.wait(calls, limits)
  local beyond, paused = math.ceil(calls - (limits.free or math.huge)), limits.paused
  if beyond <= 0 then return paused end
  if limits.free > 0 then return (beyond + limits.limit - 1) // limits.limit * limits.window end
  local rounds = math.max((beyond - 1 - limits.waiting) // limits.limit, 0)
  return math.max(limits.wait, paused) + rounds * limits.window
end

-- The time in which calls waited for a limit says nothing of the pace.
local function note_wait(bar, seconds, is_waiting)
  if is_waiting then bar.waited = bar.waited + seconds - bar.looked end
  bar.looked = seconds
end

---@param bar view.Bar
---@param seconds number since it began
---@return number? seconds nil where that can't be told
function M.of(bar, seconds)
  if not bar.total or bar.done == 0 then return nil end
  local items, wait, is_waiting = math.max(bar.total - bar.done, 0), 0, false
  for account, ended in pairs(bar.ended) do
    local limits = account:limits()
    wait = math.max(wait, M.wait(items * ended / bar.done, limits))
    is_waiting = is_waiting or limits.waiting > 0
  end
  note_wait(bar, seconds, is_waiting)
  return math.max(wait, items * (seconds - bar.waited) / bar.done)
end

return M
