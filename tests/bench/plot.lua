-- The plot of the bench as SVG: a bar for each workload, its length the ratio to libcurl alone. Colours follow
-- the reader's scheme.
local M = {}

local WIDTH, LEFT, BAR, GAP, TOP = 640, 60, 22, 12, 34

local STYLE = [[
  text { font: 13px sans-serif; fill: #24292f }
  .ours { fill: #0969da } .line { stroke: #57606a; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ours { fill: #4493f8 } .line { stroke: #9198a1 }
  }]]

local function bar(row, i, scale)
  local y = TOP + (i - 1) * (BAR + GAP)
  return ('<text x="%d" y="%d" text-anchor="end">%s</text>'):format(LEFT - 8, y + 16, row.name)
    .. ('<rect class="ours" x="%d" y="%d" width="%.0f" height="%d" rx="3"/>'):format(LEFT, y, row.ratio * scale, BAR)
    .. ('<text x="%.0f" y="%d">%.2f</text>'):format(LEFT + row.ratio * scale + 6, y + 16, row.ratio)
end

---@param rows {name: string, ratio: number}[]
---@return string svg
function M.draw(rows)
  local most = 1.5
  for _, row in ipairs(rows) do most = math.max(most, row.ratio) end
  local scale = (WIDTH - LEFT - 60) / most
  local height = TOP + #rows * (BAR + GAP)
  local parts = { ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">'):format(WIDTH, height),
    "<title>Time of siterun, libcurl alone being 1</title>", "<style>" .. STYLE .. "</style>" }
  for i, row in ipairs(rows) do parts[#parts + 1] = bar(row, i, scale) end
  local one = LEFT + scale
  parts[#parts + 1] = ('<line class="line" x1="%.0f" y1="22" x2="%.0f" y2="%d"/>'):format(one, one, height)
  parts[#parts + 1] = ('<text x="%.0f" y="16" text-anchor="middle">libcurl alone, nothing decoded = 1</text>'):format(one)
  parts[#parts + 1] = "</svg>"
  return table.concat(parts, "\n") .. "\n"
end

return M
