-- Runs programs in turn (A B C A B C) and keeps the medians, since a machine's speed drifts.
local t = require "tests.t"

local M = {}

-- When to stop adding rounds, so that a slow or busy machine takes no longer.
local ENOUGH = os.time() + 120

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

---One run. The last line of its output has to be `ok` and what `wanted` lists.
---@return {wall: number, cpu: number, peak: number, last: integer} microseconds, and KB
function M.once(command, env, wanted)
  local words = { "env" }
  for name, value in pairs(env) do words[#words + 1] = name .. "=" .. t.quote(tostring(value)) end
  words[#words + 1] = ("%s/measure %s 2>&1 </dev/null"):format(os.getenv "BENCH", command)
  local pipe <close> = assert(io.popen(table.concat(words, " ")))
  local output = pipe:read "a"
  local count, last, wall, cpu, peak = output:match("ok%s+(%d+)%s+(%d+)%s+(%d+) (%d+) (%d+)\n$")
  if not wanted then wall, cpu, peak = output:match("(%d+) (%d+) (%d+)\n$") end
  local right = not wanted or (tonumber(count) == wanted[1] and (not wanted[2] or tonumber(last) == wanted[2]))
  if not (wall and right) then error(command .. ": " .. output, 0) end
  return { wall = tonumber(wall), cpu = tonumber(cpu), peak = tonumber(peak), last = tonumber(last) }
end

---@param rows {command: string, env: table, wanted?: integer[]}[]
---@return table[] for each row the medians
function M.interleaved(rows, rounds)
  local runs, results = {}, {}
  for round = 0, rounds do -- the first warms caches and servers, and does not count
    if round > 1 and os.time() > ENOUGH then break end
    for i, row in ipairs(rows) do
      runs[i] = runs[i] or { wall = {}, cpu = {}, peak = {}, last = {} }
      local one = M.once(row.command, row.env, row.wanted)
      for field, list in pairs(runs[i]) do list[round] = one[field] end
    end
  end
  for i, run in ipairs(runs) do
    results[i] = {}
    for field, list in pairs(run) do
      list[0] = nil
      results[i][field] = #list > 0 and median(list) or nil
    end
  end
  return results
end

return M
