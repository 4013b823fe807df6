---Turns the chunks of a session into a script that does the same.
local known = require("help.known")
local lexer = require("repl.lexer")
local secret = require("c.secret")

local M = {}

---What opens and closes blocks of Lua, for the depth at which a word stands.
local OPENS = { ["function"] = true, ["do"] = true, ["then"] = true, ["repeat"] = true }
local CLOSES = { ["end"] = true, ["until"] = true, ["elseif"] = true }

local function is_field(tokens, i)
  local before = tokens[i - 1]
  return before ~= nil and before.kind == "mark" and (before.text == "." or before.text == ":")
end

---Is this name a variable's, not a field's or a table's key?
local function is_variable(tokens, i)
  local after = tokens[i + 1]
  local is_key = after and after.kind == "mark" and after.text == "=" and tokens[i - 1]
    and tokens[i - 1].kind == "mark" and tokens[i - 1].text:find("^[{,;]$")
  return tokens[i].kind == "name" and not is_field(tokens, i) and not is_key
end

---@param tokens repl.Token[]
---@param name string
---@return boolean
local function names(tokens, name)
  for i, token in ipairs(tokens) do
    if token.text == name and is_variable(tokens, i) then
      return true
    end
  end
  return false
end

---A `return` of the chunk itself, at whatever depth but within functions.
local function returns(tokens)
  local functions, blocks = 0, {}
  for _, token in ipairs(tokens) do
    local text = token.kind == "keyword" and token.text
    if text == "return" and functions == 0 then
      return true
    elseif OPENS[text] then
      blocks[#blocks + 1] = text
      functions = functions + (text == "function" and 1 or 0)
    elseif CLOSES[text] then
      functions = functions - (table.remove(blocks) == "function" and 1 or 0)
    end
  end
  return false
end

---Lines of a string stay as they are, so a chunk that has one is not indented.
local function indented(text, tokens)
  for _, token in ipairs(tokens) do
    if token.kind == "string" and token.text:find("\n") then
      return text
    end
  end
  return "  " .. text:gsub("\n(.)", "\n  %1")
end

---An expression: its value is shown, and kept where a later chunk looks at it.
local function expression(text, is_looked_at)
  if is_looked_at then
    return "_ = " .. text
  end
  return load(text) and text or "print(" .. text .. ")"
end

local function statements(text, tokens)
  if returns(tokens) then
    return "print((function()\n" .. indented(text, tokens) .. "\nend)())"
  end
  return text
end

local function without_sign(text)
  return (text:gsub("^%s*=", "", 1):gsub("^%s*return%f[^%w_]", "", 1))
end

local function written(text, tokens, is_looked_at)
  local plain = text:gsub("^%s*\n", ""):gsub("%s+$", "")
  local value = without_sign(plain):gsub("[%s;]+$", "")
  if value ~= "" and load("return " .. value) then
    return expression(value, is_looked_at)
  end
  return statements(plain, tokens)
end

---The modules that are globals in a session and that the chunks name.
local function modules(all)
  local lines = {}
  for _, name in ipairs(known.modules()) do
    for _, tokens in ipairs(all) do
      if names(tokens, name) then
        lines[#lines + 1] = ("local %s = require(%q)"):format(name, name)
        break
      end
    end
  end
  return lines
end

---For each chunk whether `_` is looked at before another value takes its place; to be safe, by any
---chunk behind it.
local function looked_at(all)
  local result, seen = {}, false
  for i = #all, 1, -1 do
    result[i] = seen
    seen = seen or names(all[i], "_")
  end
  return result
end

---@param chunks string[] texts that ran, in their order
---@return string text of a script; secrets are hidden
function M.make(chunks)
  local all = {}
  for i, text in ipairs(chunks) do
    all[i] = lexer.read(text)
  end
  local lines, needed = { "#!/usr/bin/env siterun" }, looked_at(all)
  table.move(modules(all), 1, 100, #lines + 1, lines)
  lines[#lines + 1] = ""
  for i, text in ipairs(chunks) do
    lines[#lines + 1] = text:find("%S") and written(text, all[i], needed[i]) or nil
  end
  return secret.redact(table.concat(lines, "\n") .. "\n")
end

return M
