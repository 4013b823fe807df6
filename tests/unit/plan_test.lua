---siterun plan keeps the writes of a recipe; siterun apply makes these, each once, and no others.
local journal = require("tests.journal")
local json = require("c.json")
local peer = require("tests.peer")
local sandbox = require("tests.sandbox")
local t = require("tests.t")

local folders = 0

---A sandbox, and a folder with a recipe and a journal of its own.
local function start(recipe, ...)
  local sb = sandbox.start("--tickets", "60", "--limit", "ticketing=none", ...)
  folders = folders + 1
  sb.dir = ("%s/plan%d"):format(t.scratch, folders)
  assert(os.execute("mkdir -p " .. sb.dir))
  sb.vars.SITERUN_STATE = sb.dir .. "/state"
  sb.vars[""] = nil
  if recipe then t.write(sb.dir .. "/recipe.lua", recipe) end
  return sb
end

local function siterun(sb, ...)
  return t.siterun { args = { ... }, env = sb.vars, dir = sb.dir }
end

local function writes(sb)
  local list = {}
  for _, item in ipairs(sb:control("GET", "/requests").json.items) do
    if item.method ~= "GET" and not item.path:find("/sessions", 1, true) then
      list[#list + 1] = item
    end
  end
  return list
end

local function plan_of(sb, name)
  return json.decode(t.read(sb.dir .. "/" .. (name or "recipe.plan")))
end

local function assert_code(got, code)
  t.equal(got.code, code, got.stderr)
  return got
end

local HEAD = [[
local tk = require("ticketing").connect()
local ana = { id = "a", name = "Ana", email = "ana@example.com" }
]]

local CHAIN = HEAD .. [[
local made = tk.tickets:create { title = "Chain " .. (arg[1] or ""), requestor = ana }
tk.tickets:comment(made.id, "this is " .. made.ticketNo)
local other = tk.tickets:create { title = "After " .. made.id, requestor = ana }
tk.tickets:set_status(other.id, { status = "Resolved" })
print(other.id)
]]

t.test("a plan sends nothing, shows the writes and holds no secret", function()
  local sb <close> = start(CHAIN)
  local got = assert_code(siterun(sb, "plan", "recipe.lua", "x"), 0)
  t.equal(#writes(sb), 0)
  t.match(got.stderr, "POST http[^\n]*/tickets%?timezone=0 {\"ticket\":.*PUT http[^\n]*/status")
  t.match(got.stderr, "siterun: 4 writes planned in recipe.plan; .*siterun apply recipe.plan\n$")
  local text, plan = t.read(sb.dir .. "/recipe.plan"), plan_of(sb)
  for _, name in ipairs { "TICKETING_KEY", "TICKETING_READ_KEY", "TELEPORTE_PASSWORD" } do
    t.equal(text:find(sb.vars[name], 1, true), nil)
  end
  t.equal({ plan.arguments[1], #plan.writes, plan.writes[2].path },
    { "x", 4, "/tickets/dry-run-1/comments" })
  t.match(plan.recipe, "/recipe%.lua$")
  local pipe <close> = assert(io.popen("stat -c %a " .. sb.dir .. "/recipe.plan"))
  t.equal(pipe:read("l"), "600")
  t.equal(siterun(sb, "journal").stderr, "siterun: the journal is empty\n")
end)

t.test("applying makes the planned writes, with real ids, once", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua", "x", "-o", "p"), 0)
  local got = assert_code(siterun(sb, "apply", "p"), 0)
  local sent = writes(sb)
  t.equal(#sent, 4)
  local chain = sb:tk("GET", "/tickets?title=Chain").json.items[1]
  t.equal(sb:tk("GET", "/tickets/" .. chain.id .. "/activities").json.items[1].comment,
    "this is " .. chain.ticketNo)
  local other = sb:tk("GET", "/tickets/" .. got.stdout:match("%S+")).json.item
  t.equal({ other.title, other.status }, { "After " .. chain.id, "Resolved" })
  local again = assert_code(siterun(sb, "apply", "p"), 0)
  t.equal(again.stderr, "siterun: the plan is applied already: nothing to send\n")
  t.equal(#writes(sb), 4)
end)

t.test("what is shown is what is sent, the mark included", function()
  local sb <close> = start(HEAD .. 'tk.tickets:create { title = "A", requestor = ana }')
  local shown = siterun(sb, "plan", "recipe.lua").stderr:match("%[siterun (%x+)%]")
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(sb:tk("GET", "/tickets?search=" .. shown).json.items[1].title, "A")
end)

---A recipe that does otherwise once there is a file "other".
local function turning(before, otherwise)
  return HEAD .. [[
local other = io.open("other") ~= nil
local function make(title) tk.tickets:create { title = title, requestor = ana } end
make "First"
]] .. ("if other then %s else %s end\n"):format(otherwise, before) .. 'make "Last"\n'
end

local DIFFERENCES = {
  { "another value", 'make "B"', 'make "X"', 'body.ticket.title was "B", now "X"', 1 },
  { "another value that the recipe passes over", 'make "B"', 'pcall(make, "X")',
    'body.ticket.title was "B", now "X"', 1 },
  { "another operation", 'make "B"', 'tk.tickets:comment("x", "y")',
    'operation was "tickets:create", now "tickets:comment"', 1 },
  { "a write that is left out", 'make "B"', '', 'body.ticket.title was "B", now "Last"', 1 },
  { "a further write", '', 'make "X"', 'body.ticket.title was "Last", now "X"', 1 },
  { "a further write at the end", '', 'make "Last" make = make', "no further ticketing", 2 },
}

for _, case in ipairs(DIFFERENCES) do
  t.test("a difference stops before it is sent: " .. case[1], function()
    local sb <close> = start(turning(case[2], case[3]))
    assert_code(siterun(sb, "plan", "recipe.lua"), 0)
    t.write(sb.dir .. "/other", "")
    local got = assert_code(siterun(sb, "apply", "recipe.plan"), 2)
    t.truthy(got.stderr:find(case[4], 1, true), got.stderr)
    t.equal(#writes(sb), case[5])
    os.remove(sb.dir .. "/other")
    assert_code(siterun(sb, "apply", "recipe.plan"), 0)
    t.equal(#writes(sb), #plan_of(sb).writes)
  end)
end

t.test("planned writes that nobody makes are told", function()
  local sb <close> = start(HEAD .. [[
    for i = 1, io.open("other") and 1 or 3 do
      tk.tickets:create { title = "T" .. i, requestor = ana }
    end]])
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  t.write(sb.dir .. "/other", "")
  local got = assert_code(siterun(sb, "apply", "recipe.plan"), 2)
  t.match(got.stderr, "did not make 2 of the planned writes:\nsiterun:   2: ticketing tickets:c")
end)

t.test("a recipe that has changed is refused", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  t.write(sb.dir .. "/recipe.lua", CHAIN .. "-- more\n")
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 2).stderr, "recipe.lua has changed")
  os.remove(sb.dir .. "/recipe.lua")
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 2).stderr, "recipe.lua, can't be read")
  t.equal(#writes(sb), 0)
end)

t.test("tasks may come in another order", function()
  local sb <close> = start(HEAD .. [[
    local task = require "task"
    local names = {}
    for i = 1, 12 do names[i] = "T" .. i end
    if io.open("other") then table.sort(names, function(a, b) return a > b end) end
    task.map(names, function(name)
      local made = tk.tickets:create { title = name, requestor = ana }
      tk.tickets:comment(made.id, "of " .. name)
    end, { limit = 4 })]])
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  t.write(sb.dir .. "/other", "")
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 24)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 24)
end)

t.test("modules of -l are the plan's too, and what they write", function()
  local sb <close> = start('tk.tickets:comment(made.id, "on it")')
  t.write(sb.dir .. "/start.lua", HEAD .. [[
    _G.tk, _G.made = tk, tk.tickets:create { title = "Of a module", requestor = ana }
    return true]])
  assert_code(siterun(sb, "-l", "start", "plan", "recipe.lua"), 0)
  t.equal({ #writes(sb), #plan_of(sb).writes }, { 0, 2 })
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 2)
  local refused = assert_code(siterun(sb, "-e", "print(1)", "plan", "recipe.lua"), 2)
  t.match(refused.stderr, "code of %-e can't be kept in a plan")
  t.equal(refused.stdout, "")
end)

t.test("an apply that broke off goes on where it was, with what it had made", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  sb:control("POST", "/fault", { json = { fault = "ticketing PUT /tickets/{id}/status 400 1 1" } })
  assert_code(siterun(sb, "apply", "recipe.plan"), 4)
  t.equal(#writes(sb), 4)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 5)
  t.equal(sb:tk("GET", "/tickets?title=After").json.itemCount, 1)
end)

t.test("one process at a time applies a plan, and a kill leaves nothing to be made twice", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  sb:control("POST", "/fault", { json = { fault = "ticketing PUT /tickets/{id}/status stall 1 1" } })
  local first = journal.spawn({ env = sb.vars }, "apply", sb.dir .. "/recipe.plan")
  journal.wait_for("the last write", function() return #writes(sb) == 4 end)
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 2).stderr, "is being applied by another process")
  first:kill("KILL")
  first:wait()
  assert_code(siterun(sb, "apply", "recipe.plan"), 7)
  assert_code(siterun(sb, "reconcile", "--all", "--min-age", "0s"), 0)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(sb:tk("GET", "/tickets?title=After").json.items[1].status, "Resolved")
  t.equal(sb:tk("GET", "/tickets?title=After").json.itemCount, 1)
end)

t.test("a write of unknown outcome stops the next apply until it is settled", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  sb:control("POST", "/fault", { json = { fault = "ticketing POST /tickets lost 1 1" } })
  assert_code(siterun(sb, "apply", "recipe.plan"), 7)
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 7).stderr, "siterun reconcile %d")
  assert_code(siterun(sb, "reconcile", "--all", "--min-age", "0s"), 0)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 4)
  t.equal(sb:tk("GET", "/tickets?title=Chain").json.itemCount, 1)
end)

t.test("keys of one call each have their stand-in", function()
  local sb <close> = start([[
    local tp, tk = require("teleporte").connect(), require("ticketing").connect()
    local locks = {}
    for i, lock in ipairs(tp.sites:locks(tp.sites:list()[1].id)) do locks[i] = lock.id end
    local keys = tp.keys:assign { lock_ids = locks, start_date = "2031-01-01 10:00:00",
      end_date = "2031-01-01 12:00:00",
      membership_ids = { tp.work_sessions:list()[1].membership_id } }
    local ids = {}
    for i, key in ipairs(keys) do ids[i] = key.id end
    tk.tickets:comment(tk.tickets:list().items[1].id, "keys: " .. table.concat(ids, ", "))
    tp.keys:revoke(keys[1].id)]])
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 3)
end)

t.test("writes to other services are planned too, and made once", function()
  local listener <close> = peer.listen({}, { { json = { ok = true } } })
  local sb <close> = start(HEAD .. ([[
    local made = tk.tickets:create { title = "Hook", requestor = ana }
    print(require("http").post("%s/hook", { json = { ticket = made.id } }).status)
    if io.open("other") then error("later") end]]):format(listener.url))
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  t.write(sb.dir .. "/other", "")
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 1).stdout, "^200\n")
  t.match(assert_code(siterun(sb, "apply", "recipe.plan"), 0).stderr, "applied already")
  t.equal(#listener:record().requests, 1)
end)

t.test("a recipe's own key holds in a plan", function()
  local sb <close> = start(HEAD .. [[
    tk.tickets:create({ title = "Keyed", requestor = ana }, { once = "keyed" })]])
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  assert_code(siterun(sb, "recipe.lua"), 0)
  assert_code(siterun(sb, "apply", "recipe.plan"), 0)
  t.equal(#writes(sb), 1)
end)

local function damaged(text, change)
  return (text:gsub(change[1], change[2], 1))
end

local DAMAGES = {
  { { ',"', ',' }, "is no plan of siterun" },
  { { "Chain ", "Chains" }, "is damaged, or was changed" },
  { { '"siterun_plan":1', '"siterun_plan":2' }, "of a later version" },
  { { "^.*$", "{}" }, "is no plan of siterun" },
  { { "^.*$", "[1]" }, "is no plan of siterun" },
  { { "^.*$", "" }, "is no plan of siterun" },
  { { "^(..........).*$", "%1" }, "is no plan of siterun" },
  { { "^.*$", '{"siterun_plan":1}' }, "is damaged, or was changed" },
}

t.test("files that are damaged or no plans are refused", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  local text = t.read(sb.dir .. "/recipe.plan")
  for _, case in ipairs(DAMAGES) do
    t.write(sb.dir .. "/bad.plan", damaged(text, case[1]))
    t.match(assert_code(siterun(sb, "apply", "bad.plan"), 2).stderr, case[2])
  end
  t.match(assert_code(siterun(sb, "apply", "recipe.lua"), 2).stderr, "is no plan of siterun")
  t.match(assert_code(siterun(sb, "apply", "none"), 2).stderr, "cannot read the plan none")
  t.match(assert_code(siterun(sb, "apply", "."), 2).stderr, "plan")
  t.equal(#writes(sb), 0)
end)

local REFUSED = {
  { { "plan" }, "needs the FILE" },
  { { "plan", "none.lua" }, "cannot read the recipe none.lua" },
  { { "plan", "-o" }, "%-o needs a file" },
  { { "plan", "--out", "x", "recipe.lua" }, "unknown option %-%-out" },
  { { "plan", "-o", "nowhere/x.plan", "recipe.lua" }, "nowhere/x.plan can't be made: its folder is not there" },
  { { "plan", "-o", "recipe.lua", "recipe.lua" }, "is no plan: name another place" },
  { { "apply" }, "takes one PLAN" },
  { { "--sandbox", "apply", "recipe.plan" }, "not made against the sandbox" },
}

t.test("what makes no sense is refused", function()
  local sb <close> = start(CHAIN)
  assert_code(siterun(sb, "plan", "recipe.lua"), 0)
  for _, case in ipairs(REFUSED) do
    t.match(assert_code(siterun(sb, table.unpack(case[1])), 2).stderr, case[2])
  end
  t.equal(#writes(sb), 0)
end)

t.test("a recipe that fails leaves no plan", function()
  local sb <close> = start(CHAIN .. "error('late')\n")
  assert_code(siterun(sb, "plan", "recipe.lua"), 1)
  t.equal(io.open(sb.dir .. "/recipe.plan"), nil)
end)
