---A sliding log of instants: how many lie in the last `span`, exactly. An instant counts from
---its own millisecond up to, and not including, the one a whole span later.

---@class sandbox.Window
---@field count integer|nil how many are admitted in any span; nil: any number
---@field span integer milliseconds
---@field peak integer the most that any span held
local Window = {}
Window.__index = Window

local M = {}

---@param count integer|nil
---@param span integer milliseconds
---@return sandbox.Window
function M.new(count, span)
  return setmetatable({ count = count, span = span, peak = 0, first = 1, last = 0 }, Window)
end

local function forget_old(window, now)
  while window.first <= window.last and now - window[window.first] >= window.span do
    window[window.first] = nil
    window.first = window.first + 1
  end
end

---@param now integer milliseconds, never less than before
---@return integer how many lie in the span that ends now
function Window:held(now)
  forget_old(self, now)
  return self.last - self.first + 1
end

---@param now integer milliseconds
function Window:add(now)
  self.last = self.last + 1
  self[self.last] = now
  self.peak = math.max(self.peak, self:held(now))
end

---@param now integer milliseconds
---@return integer milliseconds until one more is admitted; 0: it was, and is in the log
function Window:admit(now)
  if self.count and self:held(now) >= self.count then
    return self[self.first + self:held(now) - self.count] + self.span - now
  end
  self:add(now)
  return 0
end

return M
