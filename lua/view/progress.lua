-- Bars on the terminal's last line: how far, how fast, how long still.
local bar_line = require "c.bar"
local clock = require "c.clock"
local display = require "c.display"
local number = require "view.number"
local remaining = require "view.remaining"
local scheduler = require "siterun.scheduler"
local terminal = require "c.terminal"
local wire = require "siterun.wire"

local M = {}

-- Seconds: before anything is shown; between two pictures of a bar that moves, and of one that
-- stands still.
local FIRST, MOVING, STILL = 1, 0.1, 0.5

---@class view.Bar
---@field label string
---@field total? integer
---@field done integer steps
---@field started number
---@field ended table<userdata, integer> calls by account since then
---@field waited number seconds of these in which calls waited for a limit
---@field looked number seconds when that was looked at
local Bar = {}
Bar.__index = Bar
Bar.__name = "siterun.progress"

-- Under way, the first one first. One that nobody holds any more is forgotten.
local bars, count = setmetatable({}, { __mode = "v" }), 0

local next_look, drawn, is_open = 0, nil, false

local function first_bar()
  for i = 1, count do
    if bars[i] then return bars[i] end
  end
end

---"0:31", "1:02:03".
local function duration(seconds)
  local s = math.ceil(seconds)
  if s < 3600 then return ("%d:%02d"):format(s // 60, s % 60) end
  return ("%d:%02d:%02d"):format(s // 3600, s // 60 % 60, s % 60)
end

local function rate_text(done, seconds)
  local rate = done / seconds
  return (rate >= 100 and "%.0f/s" or rate >= 1 and "%.1f/s" or "%.2f/s"):format(rate)
end

local function filled(share, width)
  local full = math.floor(share * width)
  return ("█"):rep(full) .. ("░"):rep(width - full)
end

-- Columns of the bar itself.
local BAR = 20

-- The bar and the label, which are the first `less` parts, go where not all has room.
local function joined(parts, less, width)
  local text = table.concat(parts, "  ")
  for i = less, 1, -1 do
    if display.width(text) <= width then break end
    table.remove(parts, i)
    text = table.concat(parts, "  ")
  end
  return (display.fit(text, math.max(width, 1)):gsub(" +$", ""))
end

---@param bar view.Bar
---@param now number
---@param width integer
---@return string
function M.text(bar, now, width)
  local seconds = now - bar.started
  local parts = { display.clean(bar.label) }
  if bar.total then
    parts[2] = filled(math.min(bar.done / math.max(bar.total, 1), 1), BAR)
    parts[3] = number.text(bar.done) .. " of " .. number.text(bar.total)
  else
    parts[2] = number.text(bar.done)
  end
  parts[#parts + 1] = rate_text(bar.done, seconds)
  local left = remaining.of(bar, seconds)
  if left then parts[#parts + 1] = duration(left) .. " left" end
  return joined(parts, bar.total and 2 or 1, width)
end

local function erase()
  if drawn then bar_line.erase() end
  drawn = nil
end

local function draw(bar, now)
  if not is_open then is_open = bar_line.open() ~= nil end
  local width = terminal.size("stderr")
  bar_line.draw(M.text(bar, now, width - 1))
  drawn = bar.done
end

local function stop()
  erase()
  count, wire.watch = 0, nil
  scheduler.look_by(nil)
end

-- Each step of the scheduler, and each of a bar. Returns how long may pass before the next.
local function look()
  local now = clock.monotonic()
  if now < next_look then return STILL end
  local bar = first_bar()
  if not bar then return stop() end
  next_look = now + MOVING
  if now - bar.started < FIRST then
    erase()
  else
    draw(bar, now)
  end
  return STILL
end

local function watch(account)
  if not account then return end
  for i = 1, count do
    local bar = bars[i]
    if bar then bar.ended[account] = (bar.ended[account] or 0) + 1 end
  end
end

---@param label string
---@param total? integer
---@return view.Bar
function M.start(label, total)
  local bar = setmetatable({ label = label, total = total, done = 0, ended = {},
    waited = 0, looked = 0, started = clock.monotonic() }, Bar)
  count = count + 1
  bars[count] = bar
  wire.watch = watch
  scheduler.look_by(look)
  return bar
end

---One more is done.
function Bar:step()
  self.done = self.done + 1
  look()
end

---A service says how many there are.
---@param total any
function Bar:expect(total)
  if math.type(total) == "integer" and total > self.done then self.total = total end
end

---It has ended.
function Bar:close()
  for i = 1, count do
    if bars[i] == self then bars[i] = nil end
  end
  if not first_bar() then
    stop()
  elseif drawn then
    erase()
    next_look = 0
  end
end

Bar.__close = Bar.close

return M
