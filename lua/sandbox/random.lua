---Repeatable random numbers (splitmix64): the same seed gives the same world on every machine.

---@class sandbox.Random
---@field state integer
local Random = {}
Random.__index = Random

local M = {}

---@param seed integer
---@return sandbox.Random
function M.new(seed)
  return setmetatable({ state = seed }, Random)
end

---@return integer any 64 bits
function Random:bits()
  self.state = self.state + 0x9E3779B97F4A7C15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

---@param low integer
---@param high integer
---@return integer between both, inclusive
function Random:int(low, high)
  return low + (self:bits() >> 1) % (high - low + 1)
end

---@param probability number 0 to 1
---@return boolean
function Random:chance(probability)
  return (self:bits() >> 11) * 2.0 ^ -53 < probability
end

---@generic T
---@param list T[]
---@return T
function Random:pick(list)
  return list[self:int(1, #list)]
end

---@return string 36 characters
function Random:uuid()
  local a, b = self:bits(), self:bits()
  local variant = 0x8000 | b >> 48 & 0x3fff
  return ("%08x-%04x-4%03x-%04x-%012x"):format(
    a >> 32, a >> 16 & 0xffff, a & 0xfff, variant, b & 0xffffffffffff
  )
end

---@param length integer
---@return string hexadecimal digits
function Random:hex(length)
  local parts = {}
  for i = 1, length // 16 + 1 do
    parts[i] = ("%016x"):format(self:bits())
  end
  return table.concat(parts):sub(1, length)
end

return M
