---The local variables of chunks that ran: later chunks see them, as if all were one. A chunk keeps its
---own variables: what later ones do to them, its functions see.
local lexer = require("repl.lexer")

local M = {}

-- A function can't have more than 255 upvalues (Lua's limit).
local NAMES_MAX = 100

-- No name of Lua's, so nobody sees it.
local KEEP = "\1keep"

---@class repl.Cell a variable as an upvalue
---@field holder function
---@field index integer

local cells = {} ---@type table<string, repl.Cell>

---@param name string
---@return any
function M.get(name)
  local cell = cells[name]
  if cell then
    return (select(2, debug.getupvalue(cell.holder, cell.index)))
  end
end

---@return fun(): string?
function M.each()
  local name
  return function()
    name = next(cells, name)
    return name
  end
end

-- A constant is no upvalue. One that is declared in a block can't be told from a global by its value,
-- which is then none.
local function keep_constants(constants)
  for name, value in pairs(constants) do
    local function holder()
      return value
    end
    cells[name] = rawget(_G, name) == nil and { holder = holder, index = 1 } or cells[name]
  end
end

local function keep(holder, constants)
  keep_constants(constants)
  local index, name = 1, debug.getupvalue(holder, 1)
  while name do
    if name ~= "_ENV" then
      cells[name] = { holder = holder, index = index }
    end
    index = index + 1
    name = debug.getupvalue(holder, index)
  end
end

---The globals of chunks that see local variables of others.
local env = setmetatable({}, {
  __index = function(_, name)
    if name == KEEP then
      return keep
    elseif cells[name] then
      return M.get(name)
    end
    return _G[name]
  end,
  __newindex = function(_, name, value)
    local cell = cells[name]
    if cell then
      debug.setupvalue(cell.holder, cell.index, value)
    else
      _G[name] = value
    end
  end,
  __pairs = function()
    return pairs(_G)
  end,
})

---@return table
function M.env()
  return next(cells) and env or _G
end

---Names declared behind token `i`, a `local`. What is to be closed ends with its chunk.
local function add_names(names, constants, tokens, i)
  local token = tokens[i + 1]
  if token and token.text == "function" then
    i = i + 1
    token = tokens[i + 1]
  end
  while token and token.kind == "name" and #names < NAMES_MAX do
    local attribute = tokens[i + 2] and tokens[i + 2].text == "<" and tokens[i + 3]
    if not attribute or attribute.text == "const" then
      names[#names + 1] = token.text
    end
    if attribute and attribute.text == "const" then
      constants[#constants + 1] = token.text .. " = " .. token.text
    end
    i = i + (attribute and 4 or 1)
    token = tokens[i + 1] and tokens[i + 1].text == "," and tokens[i + 2]
    i = i + 1
  end
end

---A name that is declared in a block is no variable of the chunk: it is no upvalue then, and so not
---kept.
local function declared(text)
  local names, constants, tokens = {}, {}, lexer.read(text)
  for i, token in ipairs(tokens) do
    if token.kind == "keyword" and token.text == "local" then
      add_names(names, constants, tokens, i)
    end
  end
  return names, constants
end

---@param text string that compiles
---@param name string of the chunk
---@return function? chunk that keeps its local variables; nil when it has none, or ends otherwise
function M.compile(text, name)
  if not text:find("local", 1, true) or text:find("_ENV", 1, true) then
    return nil
  end
  local names, constants = declared(text)
  if #names > 0 then
    local last = "\n;_ENV[%q](function() return %s end, { %s })"
    last = last:format(KEEP, table.concat(names, ", "), table.concat(constants, ", "))
    return (load(text .. last, name, "t", env))
  end
end

return M
