---journal.* as recipes use it.
local journal = require("journal")
local t = require("tests.t")
local task = require("task")

local count = 0

local function effect(result, why)
  return function()
    count = count + 1
    return result, why
  end
end

t.test("once runs a function once and returns its result from then on", function()
  count = 0
  t.equal(journal.once("a", effect { n = 1, list = { "x" } }), { n = 1, list = { "x" } })
  t.equal(journal.once("a", effect(2)), { n = 1, list = { "x" } })
  t.equal(count, 1)
  local entry = journal.list { once = "a" }[1]
  t.equal({ entry.kind, entry.outcome, entry.answer.n }, { "once", "done", 1 })
end)

t.test("once: nil and a reason leave the key free", function()
  local result, why = journal.once("b", effect(nil, "closed"))
  t.equal({ result, why }, { nil, "closed" })
  t.equal(journal.once("b", effect(3)), 3)
end)

t.test("once: an error is raised and blocks the key", function()
  t.raises(function() journal.once("c", function() error("broken", 0) end) end, "^broken$")
  count = 0
  t.match(tostring(t.raises(function() journal.once("c", effect(1)) end, "unknown_outcome")),
    "siterun reconcile %d+$")
  t.equal({ count, journal.list { once = "c" }[1].outcome }, { 0, "unknown" })
end)

t.test("once: a result that JSON can't hold is a mistake, each time, and f ran once", function()
  count = 0
  for _ = 1, 2 do
    local e = t.raises(function() journal.once("d", effect(print)) end, "the result can't be recorded")
    t.equal(tostring(e):find("nothing was sent", 1, true), nil)
  end
  t.equal(count, 1)
end)

t.test("once: a key within itself is refused; another task waits for it", function()
  t.raises(function()
    journal.once("e", function() return journal.once("e", effect(1)) end)
  end, "used within itself")
  count = 0
  local slow = function()
    task.sleep(0.05)
    return effect(7)()
  end
  t.equal(task.map({ 1, 2, 3 }, function() return journal.once("f", slow) end), { 7, 7, 7, n = 3 })
  t.equal(count, 1)
end)

t.test("once: what is cut off is of unknown outcome", function()
  t.raises(function()
    task.timeout(0.02, function() journal.once("g", function() task.sleep(60) end) end)
  end, "timeout")
  t.raises(function() journal.once("g", effect(1)) end, "unknown_outcome")
end)

t.test("note leaves a remark; get and list find it", function()
  local id = journal.note { battery = "changed" }
  t.equal(journal.get(id).note, { battery = "changed" })
  journal.note("a word")
  local list = journal.list { since = "1h" }
  t.equal({ list[#list].kind, list[#list].note }, { "note", "a word" })
  t.equal(journal.get(id + 1000), nil)
end)

for name, call in pairs({
  ["unknown filter \"sevice\" %(did you mean \"service\""] = function() journal.list { sevice = "x" } end,
  ["since: \"soon\" is no day"] = function() journal.list { since = "soon" } end,
  ["the filter must be a table"] = function() journal.list(7) end,
  ["id must be a positive integer"] = function() journal.get("x") end,
  ["the remark must be a string or a table"] = function() journal.note(7) end,
  ["a function expected, got nil"] = function() journal.once("k") end,
  ["the key must not be empty"] = function() journal.once("", print) end,
}) do
  t.test("refuses: " .. name, function()
    t.equal(t.raises(call, name).kind, "usage")
  end)
end
