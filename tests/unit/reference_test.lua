---The mark of a created ticket: one for each, the same in retries and resumed runs.
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local folders = 0

local HEAD = [[
local tk = require("ticketing").connect()
local ana = { id = "a", name = "Ana", email = "ana@example.com" }
local function make(options, text)
  return tk.tickets:create({ title = "Marked", requestor = ana, description = text }, options)
end
]]

local function start(recipe, ...)
  local sb = sandbox.start("--tickets", "60", "--limit", "ticketing=none", ...)
  folders = folders + 1
  sb.dir = ("%s/reference%d"):format(t.scratch, folders)
  assert(os.execute("mkdir -p " .. sb.dir))
  sb.vars.SITERUN_STATE = sb.dir .. "/state"
  sb.vars[""] = nil
  t.write(sb.dir .. "/recipe.lua", HEAD .. recipe)
  return sb
end

local function siterun(sb, ...)
  return t.siterun { args = { ... }, env = sb.vars, dir = sb.dir }
end

---The marks of the tickets that were made, sorted.
local function marks(sb)
  local list = {}
  for _, ticket in ipairs(sb:tk("GET", "/tickets?title=Marked&limit=1000").json.items) do
    list[#list + 1] = (ticket.description or ""):match("%[siterun (%x+)%]$") or "none"
  end
  table.sort(list)
  return list
end

local function distinct(list)
  local seen, count = {}, 0
  for _, mark in ipairs(list) do
    count = count + (seen[mark] and 0 or 1)
    seen[mark] = true
  end
  return count
end

t.test("each ticket has a mark of its own, and keeps its text", function()
  local sb <close> = start [[
    make() make() make(nil, "text") make({ once = "k" }) print(make({ once = "k" }).description)]]
  t.match(siterun(sb, "recipe.lua").stdout, "^%[siterun %x+%]\n$")
  t.equal({ #marks(sb), distinct(marks(sb)) }, { 4, 4 })
  t.equal(siterun(sb, "recipe.lua").code, 0)
  t.equal({ #marks(sb), distinct(marks(sb)) }, { 7, 7 }, "another run has other marks")
end)

t.test("a write that is repeated by the recipe keeps its mark", function()
  local sb <close> = start([[
    for _ = 1, 3 do
      local ok, e = pcall(make)
      if ok then print(e.description) break end
      print(e.kind)
    end]], "--fault", "ticketing POST /tickets 400 1 1")
  t.match(siterun(sb, "recipe.lua").stdout, "^refused\n%[siterun %x+%]\n$")
  local bodies = {}
  for _, item in ipairs(sb:control("GET", "/requests").json.items) do
    bodies[#bodies + 1] = item.body
  end
  t.match(bodies[1], "%[siterun %x+%]")
  t.equal(bodies[1], bodies[2])
end)

-- The recipe is killed after some writes the first time.
local KILLED = [[
  local function kill() if not io.open("again") then os.execute("kill -9 $PPID") end end
]]

t.test("a resumed run goes on with the marks of the first", function()
  local sb <close> = start(KILLED .. "make() make() kill() make()")
  t.equal(siterun(sb, "recipe.lua").code, 137)
  local before = marks(sb)
  t.equal(#before, 2)
  t.write(sb.dir .. "/again", "")
  t.equal(siterun(sb, "resume").code, 0)
  t.equal({ #marks(sb), distinct(marks(sb)) }, { 3, 3 })
  t.equal(siterun(sb, "journal", "--verify").code, 0)
end)

t.test("a write that was refused first is not made twice by a resumed run", function()
  local sb <close> = start(KILLED .. "if not pcall(make) then make() end kill() make()",
    "--fault", "ticketing POST /tickets 400 1 1")
  t.equal(siterun(sb, "recipe.lua").code, 137)
  t.equal(#marks(sb), 1)
  t.write(sb.dir .. "/again", "")
  t.equal(siterun(sb, "resume").code, 0)
  t.equal({ #marks(sb), distinct(marks(sb)) }, { 2, 2 })
end)

t.test("a ticket that was lost is found by its mark; the resumed run takes it", function()
  local sb <close> = start("make() make()", "--fault", "ticketing POST /tickets lost 1 1")
  t.equal(siterun(sb, "recipe.lua").code, 7)
  t.equal(siterun(sb, "reconcile", "--all", "--min-age", "0s").code, 0)
  t.equal(#marks(sb), 1)
end)

t.test("the mark can be turned off", function()
  local sb <close> = start [[
    require("ticketing").connect({ reference = false }).tickets:create { title = "Marked",
      requestor = ana, description = "only this" }]]
  t.equal(siterun(sb, "recipe.lua").code, 0)
  t.equal(marks(sb), { "none" })
end)

t.test("a declaration says where the mark goes", function()
  for _, endpoint in ipairs(require("ticketing").declaration.endpoints) do
    local spec = endpoint.reference
    t.truthy(not spec or endpoint.by_name[spec.field], endpoint.name)
  end
end)
