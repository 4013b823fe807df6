local clock = require("c.clock")
local json = require("json")
local loop = require("c.loop")
local scheduler = require("siterun.scheduler")
local t = require("tests.t")
local task = require("task")

---Runs f as a recipe's main program is run.
local function run(f)
  return function()
    return task.run(f)
  end
end

local function check(name, f)
  t.test(name, run(f))
end

---A guard that writes `name` into `log` when it is closed.
local function guard(log, name)
  return setmetatable({}, { __close = function() log[#log + 1] = name end })
end

check("tasks run when the current one waits, in the order of their spawning", function()
  local log = {}
  for i = 1, 3 do
    task.spawn(function(...) log[#log + 1] = i .. table.concat({ ... }) end, "a", "b")
  end
  t.equal(log, {})
  task.sleep(0)
  t.equal(log, { "1ab", "2ab", "3ab" })
end)

check("join gives all results, again and again, and to several", function()
  local one = task.spawn(function() task.sleep(0.002) return 1, nil, 3, nil end)
  t.equal(one:is_done(), false)
  local others = task.all { function() return select("#", one:join()) end, function() return (one:join()) end }
  t.equal({ others[1], others[2] }, { 4, 1 })
  t.equal(table.pack(one:join()), { 1, nil, 3, nil, n = 4 })
  t.equal(one:is_done(), true)
  t.equal(select("#", task.spawn(function() end):join()), 0)
end)

check("an error is raised by each join, and as it was", function()
  local value = setmetatable({}, {})
  local failing = task.spawn(function() task.sleep(0) error(value) end)
  for _ = 1, 2 do
    t.truthy(select(2, pcall(failing.join, failing)) == value)
  end
  local text = task.spawn(function() error("boom") end)
  t.match(select(2, pcall(text.join, text)), "^tests/unit/task_test.lua:%d+: boom$")
  local nothing = task.spawn(function() error() end)
  t.equal({ pcall(nothing.join, nothing) }, { false, nil })
end)

check("all and map keep the order, whatever ends first", function()
  local function after(ms, value)
    return function() task.sleep(ms / 1000) return value end
  end
  t.equal(task.all { after(6, "a"), after(2, "b"), after(4, nil), after(0, "d") }, { "a", "b", nil, "d", n = 4 })
  t.equal(task.all {}, { n = 0 })
  t.equal(task.map({}, error), { n = 0 })
  local seen = task.map({ 5, 3, 1 }, function(ms, i) task.sleep(ms / 1000) return { ms, i } end)
  t.equal(seen, { { 5, 1 }, { 3, 2 }, { 1, 3 }, n = 3 })
end)

check("map has as many at the same time as told, 8 unless told", function()
  for limit, options in pairs { [8] = false, [1] = { limit = 1 }, [3] = { limit = 3 } } do
    local now, most = 0, 0
    local list = {}
    for i = 1, 20 do list[i] = i end
    task.map(list, function()
      now = now + 1
      most = math.max(most, now)
      task.sleep(0.001)
      now = now - 1
    end, options or nil)
    t.equal(most, limit)
  end
end)

check("map in map", function()
  local sums = task.map({ 1, 2, 3 }, function(a)
    local inner = task.map({ 10, 20 }, function(b) task.sleep(0.001) return a * b end)
    return inner[1] + inner[2]
  end)
  t.equal(sums, { 30, 60, 90, n = 3 })
end)

check("the first error cancels the others and closes their guards", function()
  local log, started = {}, 0
  local e = t.raises(function()
    task.map({ 1, 2, 3, 4, 5 }, function(i)
      started = started + 1
      local _ <close> = guard(log, i)
      task.sleep(i == 2 and 0.001 or 60)
      error("two failed", 0)
    end, { limit = 3 })
  end)
  t.equal(e, "two failed")
  table.sort(log)
  t.equal({ log, started }, { { 1, 2, 3 }, 3 })
end)

check("an error in one of several maps ends only its own", function()
  local results = task.all {
    function() return (pcall(task.map, { 1 }, function() error("x") end)) end,
    function() return task.map({ 1, 2 }, function(i) task.sleep(0.003) return i end)[2] end,
  }
  t.equal({ results[1], results[2] }, { false, 2 })
end)

check("cancel closes guards from the inside out, also through generators", function()
  local log = {}
  local victim = task.spawn(function()
    local _ <close> = guard(log, "outer")
    local generator = coroutine.wrap(function()
      local _ <close> = guard(log, "generator")
      local deeper = coroutine.wrap(function()
        local _ <close> = guard(log, "deeper")
        task.sleep(60)
      end)
      deeper()
    end)
    generator()
  end)
  task.sleep(0)
  victim:cancel()
  t.equal(log, { "deeper", "generator", "outer" })
  t.raises(function() victim:join() end, "interrupted")
  victim:cancel()
end)

check("cancelling before the first step runs nothing", function()
  local ran = false
  local victim = task.spawn(function() ran = true end)
  victim:cancel()
  task.sleep(0)
  t.equal({ ran, victim:is_done() }, { false, true })
end)

check("of two that can go on the first one cancels the second", function()
  local log, first, second = {}
  local gate = task.spawn(task.sleep, 0)
  local function go(name, other)
    return function()
      gate:join()
      log[#log + 1] = name
      other():cancel()
    end
  end
  first = task.spawn(go("first", function() return second end))
  second = task.spawn(go("second", function() return first end))
  first:join()
  task.sleep(0)
  t.equal({ log, tostring(second) }, { { "first" }, "task: failed" })
end)

t.test("tasks that wait for one another are told so, whatever was cancelled before", function()
  local ok, e = pcall(task.run, function()
    local sleeper = task.spawn(task.sleep, 60)
    local first, second
    first = task.spawn(function() second:join() end)
    second = task.spawn(function() first:join() end)
    task.sleep(0)
    sleeper:cancel()
    first:join()
  end)
  t.equal(ok, false)
  t.match(tostring(e), "every task waits for another one")
end)

check("an operation can be waited for after its end, and by whom it outlives", function()
  local timer <close> = loop.timer(0)
  local waits = task.spawn(scheduler.wait, timer)
  task.sleep(0)
  waits:cancel()
  scheduler.wait(timer)
  scheduler.wait(timer)
  t.equal(timer:ready(), true)
end)

check("waits inside each other that C has no room for fail, and leave nothing", function()
  local tasks = {}
  local function nest(depth)
    if depth == 0 then return task.sleep(0) end
    table.sort({ 2, 1 }, function(a, b)
      local one = task.spawn(nest, depth - 1)
      tasks[#tasks + 1] = one
      one:join()
      return a < b
    end)
  end
  local function nest_below(levels)
    if levels == 0 then return nest(110) end
    return select(2, pcall(nest_below, levels - 1))
  end
  nest(50)
  for levels = 1, 6 do -- wherever it is that there is no room
    t.match(nest_below(levels), "C stack overflow")
    for _, one in ipairs(tasks) do
      pcall(one.join, one)
      t.equal({ levels, one:is_done() }, { levels, true })
    end
  end
end)

check("a task that cancels itself ends at its next wait", function()
  local log = {}
  local self
  self = task.spawn(function()
    local _ <close> = guard(log, "closed")
    self:cancel()
    log[#log + 1] = "goes on"
    task.sleep(60)
    log[#log + 1] = "never"
  end)
  t.raises(function() self:join() end, "interrupted")
  t.equal(log, { "goes on", "closed" })
end)

check("timeout gives results, or cancels and says so", function()
  t.equal(table.pack(task.timeout(60, function(a) task.sleep(0) return a, nil end, 1)), { 1, nil, n = 2 })
  local log = {}
  local e = t.raises(function()
    task.timeout(0.005, function()
      local _ <close> = guard(log, "closed")
      task.sleep(60)
    end)
  end, "timeout")
  t.match(e.message, "not done after 0.005 s")
  t.equal(log, { "closed" })
  t.equal(t.raises(function() task.timeout(60, error, "own") end), "own")
  t.raises(function() task.timeout(60, task.timeout, 0.002, task.sleep, 60) end, "timeout")
  t.raises(function() task.timeout(0.002, task.timeout, 60, task.sleep, 60) end, "timeout")
end)

check("a timeout of what is held up where it can't yield, in another task", function()
  local e = t.raises(function()
    task.timeout(0.01, function()
      table.sort({ 2, 1 }, function(a, b)
        task.spawn(task.sleep, 0.05):join()
        return a < b
      end)
    end)
  end, "timeout")
  t.match(e.message, "not done")
end)

check("tasks are let go once somebody has heard of their errors", function()
  local kept, count = setmetatable({}, { __mode = "k" }), 0
  for _ = 1, 200 do
    local one = task.spawn(error, "on purpose")
    kept[one] = true
    pcall(one.join, one)
  end
  collectgarbage()
  for _ in pairs(kept) do count = count + 1 end
  t.truthy(count < 50, count .. " of 200 are kept")
end)

check("those that gave up waiting for a task are let go", function()
  local long = task.spawn(task.sleep, 60)
  for _ = 1, 200 do pcall(task.timeout, 0, long.join, long) end
  t.truthy(#long.waiters < 50, #long.waiters .. " of 200 are kept")
  long:cancel()
end)

check("a task may have 100,000 results, and fails with more", function()
  local function many(count) return table.unpack({}, 1, count) end
  t.equal(select("#", task.spawn(many, 100000):join()), 100000)
  t.raises(function() task.spawn(many, 400000):join() end, "too many results")
end)

for name, f in pairs({
  ["spawn of no function"] = function() task.spawn(5) end,
  ["map over no list"] = function() task.map(nil, print) end,
  ["map without a function"] = function() task.map({ 1 }) end,
  ["map with a bad limit"] = function() task.map({ 1 }, print, { limit = 0 }) end,
  ["map with a limit that is no integer"] = function() task.map({ 1 }, print, { limit = 1.5 }) end,
  ["map with an unknown option"] = function() task.map({ 1 }, print, { limits = 1 }) end,
  ["all with something else"] = function() task.all { print, 5 } end,
  ["all with a gap"] = function() task.all { print, nil, print } end,
  ["a wait for nothing"] = function() task.wait() end,
  ["a wait for a table"] = function() task.wait {} end,
  ["a wait for a file"] = function() task.wait(io.stdout) end,
  ["sleep for a text"] = function() task.sleep("1") end,
  ["sleep below 0"] = function() task.sleep(-1) end,
  ["sleep for NaN"] = function() task.sleep(0 / 0) end,
  ["timeout without a function"] = function() task.timeout(1) end,
}) do
  check("a mistake is of kind usage: " .. name, function() t.raises(f, "usage") end)
end

check("a task can't join itself", function()
  local self
  self = task.spawn(function() self:join() end)
  t.raises(function() self:join() end, "usage")
end)

t.test("tasks that wait for each other are an error, not a hang", function()
  t.raises(run(function()
    local a, b
    a = task.spawn(function() b:join() end)
    b = task.spawn(function() a:join() end)
    a:join()
  end), "every task waits for another one")
end)

t.test("an error that nobody joined is raised when the rest has ended", function()
  local log = {}
  local e = t.raises(run(function()
    task.spawn(function() error("unseen", 0) end)
    task.spawn(function() task.sleep(0.003) log[1] = "others go on" end)
  end))
  t.equal({ e, log }, { "unseen", { "others go on" } })
  t.equal(task.run(function() return "next run" end), "next run")
end)

t.test("an error of the main program closes the guards of all tasks", function()
  local log = {}
  local e = t.raises(run(function()
    task.spawn(function()
      local _ <close> = guard(log, "closed")
      task.sleep(60)
    end)
    task.sleep(0)
    error("main", 0)
  end))
  t.equal({ e, log }, { "main", { "closed" } })
end)

-- Generators with waits in them.

local function slowly(list)
  return coroutine.wrap(function()
    for _, v in ipairs(list) do
      task.sleep(0.001)
      coroutine.yield(v)
    end
  end)
end

check("a generator waits and goes on, while other tasks run", function()
  local ticks, stop = 0, false
  local ticker = task.spawn(function()
    while not stop do
      ticks = ticks + 1
      task.sleep(0)
    end
  end)
  local got = {}
  for v in slowly { "a", "b", "c" } do got[#got + 1] = v end
  stop = true
  ticker:join()
  t.equal(got, { "a", "b", "c" })
  t.truthy(ticks > 3)
end)

check("generators in several tasks at the same time", function()
  local sums = task.map({ 1, 2, 3, 4 }, function(n)
    local sum = 0
    for v in slowly { n, n, n } do sum = sum + v end
    return sum
  end)
  t.equal(sums, { 3, 6, 9, 12, n = 4 })
end)

check("a coroutine that waits is normal: nobody else resumes or closes it", function()
  local co = coroutine.create(function() task.sleep(0.01) coroutine.yield("value") return "end" end)
  local first = task.spawn(function() return coroutine.resume(co) end)
  task.sleep(0)
  t.equal(coroutine.status(co), "normal")
  t.equal({ coroutine.resume(co) }, { false, "cannot resume non-suspended coroutine" })
  t.raises(function() coroutine.close(co) end, "cannot close a normal coroutine")
  t.equal({ first:join() }, { true, "value" })
  t.equal({ coroutine.status(co), coroutine.resume(co) }, { "suspended", true, "end" })
end)

check("a generator that was begun in one task is continued in another", function()
  local next_value = slowly { 1, 2, 3 }
  t.equal(next_value(), 1)
  t.equal(task.spawn(next_value):join(), 2)
  t.equal(task.spawn(next_value):join(), 3)
end)

check("errors of a generator after a wait have values and positions as ever", function()
  local function failing(e)
    return coroutine.wrap(function() task.sleep(0) error(e) end)
  end
  local ok, message = pcall(function() failing("boom")() end)
  local line = debug.getinfo(1, "l").currentline - 1
  t.equal(ok, false)
  t.equal(message, ("tests/unit/task_test.lua:%d: tests/unit/task_test.lua:%d: boom"):format(line, line - 2))
  local value = {}
  t.truthy(select(2, pcall(failing(value))) == value)
  local co = coroutine.create(function() task.sleep(0) error(value) end)
  t.equal({ coroutine.resume(co) }, { false, value })
  t.equal({ coroutine.status(co), coroutine.close(co) }, { "dead", false, value })
end)

check("close ends a generator between waits, with its guards", function()
  local log = {}
  local co = coroutine.create(function()
    local _ <close> = guard(log, "closed")
    task.sleep(0)
    coroutine.yield(1)
  end)
  t.equal({ coroutine.resume(co) }, { true, 1 })
  t.equal({ coroutine.close(co), coroutine.status(co), log[1] }, { true, "dead", "closed" })
end)

check("results and arguments pass through a generator that waits", function()
  local co = coroutine.wrap(function(...)
    local given = table.pack(...)
    while true do
      task.sleep(0)
      given = table.pack(coroutine.yield(table.unpack(given, 1, given.n)))
    end
  end)
  t.equal(table.pack(co(1, nil)), { 1, nil, n = 2 })
  t.equal(table.pack(co()), { n = 0 })
  t.equal(table.pack(co(nil, nil, 3)), { nil, nil, 3, n = 3 })
end)

check("a deep stack of generators", function()
  local function nest(n)
    if n == 0 then task.sleep(0.001) return "bottom" end
    return coroutine.wrap(nest)(n - 1)
  end
  t.equal(nest(50), "bottom")
end)

-- Places that can't yield.

local function waits(value)
  task.sleep(0.001)
  return value
end

local PLACES = {
  ["a comparator"] = function()
    local list = { 3, 1, 2 }
    table.sort(list, function(a, b) return waits(a) < b end)
    return list
  end,
  ["a gsub callback"] = function() return { (("abc"):gsub(".", function(c) return waits(c:upper()) end)) } end,
  ["metamethods"] = function()
    local proxy = setmetatable({}, { __index = function(_, k) return waits(k) end,
      __lt = function() return waits(true) end, __len = function() return waits(7) end,
      __tostring = function() return waits("text") end })
    return { proxy.key, proxy < proxy, #proxy, tostring(proxy) }
  end,
  ["__close"] = function()
    local log = {}
    do
      local _ <close> = setmetatable({}, { __close = function() log[1] = waits("closed") end })
    end
    return log
  end,
  ["__close on an error"] = function()
    local log = {}
    pcall(function()
      local _ <close> = setmetatable({}, { __close = function(_, e) log[1] = waits(e) end })
      error("e", 0)
    end)
    return log
  end,
  ["__gc"] = function()
    local log = {}
    setmetatable({}, { __gc = function() log[1] = waits("collected") end })
    collectgarbage()
    collectgarbage()
    return log
  end,
  ["pcall and xpcall"] = function()
    local _, a = pcall(waits, 1)
    local _, b = xpcall(waits, print, 2)
    local _, c = xpcall(error, function(e) return waits(e) end, 3)
    return { a, b, c }
  end,
  ["a generator in a comparator"] = function()
    local list = { 2, 1 }
    table.sort(list, function(a, b) return coroutine.wrap(waits)(a) < b end)
    return list
  end,
  ["a join in a comparator"] = function()
    local list = { 2, 1 }
    table.sort(list, function(a, b) return task.spawn(waits, a):join() < b end)
    return list
  end,
  ["a map in a gsub callback"] = function()
    return { (("ab"):gsub(".", function(c) return task.map({ c }, waits)[1]:upper() end)) }
  end,
  ["load"] = function()
    local parts = { "return ", "5" }
    return { load(function() return waits(table.remove(parts, 1)) end)() }
  end,
}

local WANT = {
  ["a comparator"] = { 1, 2, 3 }, ["a gsub callback"] = { "ABC" }, ["metamethods"] = { "key", true, 7, "text" },
  ["__close"] = { "closed" }, ["__close on an error"] = { "e" }, ["__gc"] = { "collected" },
  ["pcall and xpcall"] = { 1, 2, 3 }, ["a generator in a comparator"] = { 1, 2 },
  ["a join in a comparator"] = { 1, 2 }, ["a map in a gsub callback"] = { "AB" }, ["load"] = { 5 },
}

for place, f in pairs(PLACES) do
  t.test("waiting in " .. place, function()
    t.equal(f(), WANT[place], "outside of tasks")
    t.equal(task.run(f), WANT[place], "as main program")
    t.equal(task.run(function()
      return task.map({ 1, 2, 3 }, function() task.sleep(0) return f() end)
    end), { WANT[place], WANT[place], WANT[place], n = 3 }, "in tasks beside others")
  end)
end

check("10,000 tasks", function()
  local list = {}
  for i = 1, 10000 do list[i] = i end
  local before = collectgarbage("count")
  local sums = task.map(list, function(i) task.sleep(0.001 * (i % 7)) return i end, { limit = 10000 })
  for i = 1, 10000 do assert(sums[i] == i) end
  collectgarbage()
  t.truthy(collectgarbage("count") - before < 20000, "memory comes back")
end)

-- The whole program.

local function recipe(text, o)
  o = o or {}
  o.args = o.args or {}
  table.insert(o.args, t.write(t.scratch .. "/task_recipe.lua", text))
  return t.siterun(o)
end

t.test("waiting costs no time of the processor", function()
  local script = ([[
    local a, b = os.clock(), require("c.clock").monotonic()
    task.all {
      function() task.sleep(1) end,
      function() for _ = 1, 10 do task.sleep(0.1) end end,
      function() table.sort({ 2, 1 }, function(x, y) task.sleep(0.9) return x < y end) end,
    }
    print(require("json").encode { os.clock() - a, require("c.clock").monotonic() - b })]])
  local result = recipe("task = require('task')\n" .. script)
  t.equal(result.stderr, "")
  local busy, elapsed = table.unpack(json.decode(result.stdout))
  t.truthy(elapsed >= 1)
  t.truthy(busy < 0.2, ("%g s busy in %g s"):format(busy, elapsed))
end)

t.test("--deadline refuses waits that would pass it, with exit 6", function()
  local started = clock.monotonic()
  local result = recipe("require('task').sleep(60)", { args = { "--deadline", "10s" } })
  t.equal(result.code, 6)
  t.match(result.stderr, "deadline: waiting 60")
  result = recipe("local task = require 'task' print(task.timeout(60, function() task.sleep(0.01) return 'in time' end))",
    { args = { "--deadline", "10s" } })
  t.equal({ result.code, result.stdout, result.stderr }, { 0, "in time\n", "" })
  t.truthy(clock.monotonic() - started < 10, "nothing waited for the deadline")
end)

---Runs a recipe that is interrupted once it has printed "ready".
local function interrupted(text)
  local path = t.write(t.scratch .. "/interrupt.lua", "local task = require('task')\n"
    .. "local function ready() io.stdout:write('ready\\n') io.stdout:flush() end\n" .. text)
  local script = ("exec 3>&1; { %s %s 2>%s/interrupt.err & echo $! >%s/interrupt.pid; wait $!; echo code $?; } | "
    .. "{ while read -r line; do echo \"$line\"; case $line in ready) kill -INT $(cat %s/interrupt.pid);; esac; done; }")
  local s = t.scratch
  local pipe <close> = assert(io.popen(("exec bash -c %s"):format(t.quote(
    script:format(t.program, t.quote(path), s, s, s)))))
  return pipe:read("a"), t.read(s .. "/interrupt.err")
end

for place, text in pairs({
  ["a wait"] = "task.spawn(ready) task.sleep(60)",
  ["a join"] = "task.spawn(function() ready() task.sleep(60) end):join()",
  ["a busy loop"] = "ready() while true do end",
  ["a busy loop of a coroutine in a coroutine"] =
    "coroutine.wrap(function() coroutine.wrap(function() ready() while true do end end)() end)()",
  ["a busy loop of a spawned task"] = "task.spawn(function() ready() while true do end end):join()",
  ["a wait of a generator"] = "coroutine.wrap(function() task.spawn(ready) task.sleep(60) end)()",
  ["a wait where it can't yield"] = "table.sort({ 2, 1 }, function() ready() task.sleep(60) end)",
  ["a loop that swallows errors"] = "ready() while true do pcall(task.sleep, 0.01) end",
}) do
  t.test("SIGINT ends " .. place .. " with 130, and guards are closed", function()
    local out, err = interrupted("local _ <close> = setmetatable({}, { __close = function() print('closed') end })\n" .. text)
    t.equal({ out, err:match("interrupted") }, { "ready\nclosed\ncode 130\n", "interrupted" }, err)
  end)
end
