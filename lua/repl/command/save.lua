---`:save`
local base = require("siterun.base")
local recipe = require("repl.recipe")

local function exists(path)
  local file <close> = io.open(path, "r")
  return file ~= nil
end

local function write(path, text)
  local file <close>, message = io.open(path, "w")
  if not file then
    return nil, message
  end
  local ok, why = file:write(text)
  if not ok then
    return nil, why
  end
  return file:flush()
end

---As a shell would take it.
local function expanded(path)
  local home = path:find("^~/") and base.home()
  return home and home .. path:sub(2) or path
end

local function successful(session)
  local chunks = {}
  for i = 1, #session.chunks do
    chunks[#chunks + 1] = session.done[i]
  end
  return chunks
end

local function save(session, path, forced)
  local chunks = successful(session)
  if #chunks == 0 then
    return nil, "nothing ran yet that could be saved"
  elseif exists(path) and not forced then
    return nil, path .. " exists: :save! " .. path .. " replaces it"
  end
  local text = recipe.make(chunks)
  local ok, message = load((text:gsub("^#[^\n]*", "")), "=" .. path)
  if not ok then
    return nil, "the session can't be written as a recipe: " .. message
  end
  ok, message = write(path, text)
  return ok and #chunks, message
end

return {
  name = "save",
  argument = "FILE",
  text = "writes what ran without an error as a recipe; :save! replaces a file",
  takes_file = true,
  run = function(session, path, forced)
    path = expanded(path)
    local count, why = save(session, path, forced)
    if count then
      io.stderr:write(("%s: %d %s\n"):format(path, count, count == 1 and "chunk" or "chunks"))
    else
      io.stderr:write("siterun: ", why, "\n")
    end
  end,
}
