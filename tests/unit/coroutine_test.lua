-- coroutine.* without waits behaves as in plain Lua: each snippet prints the same under both.
local t = require("tests.t")

local SAME = {
  ["values go in and out"] = [[
    local co = coroutine.create(function(...)
      print("in", ...)
      print("again", coroutine.yield(1, nil, 3, nil))
      return "end", nil
    end)
    print(select("#", coroutine.resume(co, "a", nil)))
    print(coroutine.resume(co, nil, "b"))
    print(coroutine.resume(co))
    print(coroutine.status(co))]],
  ["nothing is nothing"] = [[
    local co = coroutine.create(function() coroutine.yield() end)
    print(select("#", coroutine.resume(co)), select("#", coroutine.resume(co)))
    local w = coroutine.wrap(function() coroutine.yield() end)
    print(select("#", w()), select("#", w()))]],
  ["a generator in a for loop"] = [[
    local function range(n)
      return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end end)
    end
    for i, square in range(3) do print(i, square) end]],
  ["status, running and isyieldable in every place"] = [[
    print(coroutine.isyieldable(), select(2, coroutine.running()))
    print(coroutine.status((coroutine.running())))
    local main = coroutine.running()
    local co
    co = coroutine.create(function()
      print(coroutine.isyieldable(), select(2, coroutine.running()), coroutine.running() == co)
      print(coroutine.status(co), coroutine.status(main), coroutine.isyieldable(main))
      local inner = coroutine.wrap(function() print(coroutine.status(co), coroutine.isyieldable(co)) end)
      inner()
      table.sort({ 1, 2 }, function(a, b) print(coroutine.isyieldable()) return a < b end)
      coroutine.yield()
    end)
    print(coroutine.status(co), coroutine.isyieldable(co))
    coroutine.resume(co)
    print(coroutine.status(co), coroutine.isyieldable(co))
    coroutine.resume(co)
    print(coroutine.status(co))]],
  ["a yield outside of a coroutine"] = [[
    print(pcall(coroutine.yield, 1))
    print(pcall(function() coroutine.yield(1) end))
    print(select(2, xpcall(coroutine.yield, function(e) return "handled " .. e end, 1)))]],
  ["an uncaught yield"] = "print('before') coroutine.yield(1) print('after')",
  ["yields through pcall, metamethods and iterators"] = [[
    local proxy = setmetatable({}, {
      __index = function(_, k) return coroutine.yield("index", k) end,
      __add = function(_, b) return coroutine.yield("add", b) end,
      __call = function(_, b) return coroutine.yield("call", b) end,
      __eq = function() return coroutine.yield("eq") end,
      __concat = function(_, b) return coroutine.yield("concat", b) end,
      __close = function() coroutine.yield("close") end,
    })
    local co = coroutine.wrap(function()
      print(pcall(function() return coroutine.yield("pcall") end))
      print(proxy.x, proxy + 1, proxy(2), proxy == setmetatable({}, getmetatable(proxy)), proxy .. "s")
      do local guard <close> = proxy end
      for v in function() return coroutine.yield("iterator") end do print(v) break end
      print(pcall(function() coroutine.yield("raise") error("raised") end))
    end)
    for i = 1, 10 do print(co(i)) end]],
  ["yields across C"] = [[
    local co = coroutine.create(function()
      table.sort({ 3, 2, 1 }, function(a, b) coroutine.yield() return a < b end)
    end)
    print(coroutine.resume(co))
    print(coroutine.resume(coroutine.create(function()
      ("x"):gsub("x", function() coroutine.yield() end)
    end)))]],
  ["errors of resume"] = [[
    local dead = coroutine.create(function() end)
    print(coroutine.resume(dead))
    print(coroutine.resume(dead))
    print(coroutine.resume(coroutine.running()))
    local co
    co = coroutine.create(function() return coroutine.resume(co) end)
    print(coroutine.resume(co))
    local outer
    outer = coroutine.create(function()
      return coroutine.resume(coroutine.create(function() return coroutine.resume(outer) end))
    end)
    print(coroutine.resume(outer))
    local failed = coroutine.create(function() error("boom") end)
    print(coroutine.resume(failed))
    print(coroutine.resume(failed), coroutine.status(failed))
    local value = coroutine.create(function() error(setmetatable({}, { __tostring = function() return "T" end })) end)
    print(select("#", coroutine.resume(value)), coroutine.status(value))
    print(coroutine.resume(coroutine.create(function() error() end)))]],
  ["errors of wrap have the positions of plain Lua"] = [[
    local function gen() return coroutine.wrap(function() error("boom") end) end
    print(pcall(gen()))
    print(pcall(function() gen()() end))
    print(pcall(function()
      for _ in gen() do end
    end))
    print(pcall(function() local w = gen(); return w() end))
    local dead = coroutine.wrap(function() end)
    dead()
    print(pcall(dead))
    print(pcall(function() dead() end))
    print(type(select(2, pcall(coroutine.wrap(function() error({}, 0) end)))))
    print(pcall(coroutine.wrap(function() error("no position", 0) end)))
    print(pcall(function() coroutine.wrap(function() error(42) end)() end))
    print(pcall(function() coroutine.wrap(function() error(nil) end)() end))
    print(pcall(function() coroutine.wrap(function() local x = nil; x() end)() end))
    print(pcall(function()
      coroutine.wrap(function() coroutine.wrap(function() error("deep") end)() end)()
    end))]],
  ["an uncaught error of a wrap"] = [[
    local f = coroutine.wrap(function() error("boom") end)
    f()]],
  ["a failing wrap closes its guards, and their error replaces it"] = [[
    local function guard(name, raise)
      return setmetatable({}, { __close = function(_, e) print(name, e) if raise then error(raise, 0) end end })
    end
    local w = coroutine.wrap(function()
      local a <close> = guard("a")
      local b <close> = guard("b", "from b")
      error("first", 0)
    end)
    print(pcall(w))
    local co = coroutine.create(function()
      local a <close> = guard("c", "from c")
      coroutine.yield(1)
    end)
    print(coroutine.resume(co))
    print(coroutine.close(co))
    print(coroutine.status(co), coroutine.close(co))]],
  ["close in every state"] = [[
    print(coroutine.close(coroutine.create(print)))
    print(pcall(coroutine.close, coroutine.running()))
    local co
    co = coroutine.create(function() print(pcall(coroutine.close, co)) end)
    coroutine.resume(co)
    local outer
    outer = coroutine.create(function()
      coroutine.wrap(function() print(pcall(coroutine.close, outer)) end)()
    end)
    coroutine.resume(outer)
    local failed = coroutine.create(function() error("x", 0) end)
    coroutine.resume(failed)
    print(coroutine.close(failed))
    print(coroutine.close(failed))]],
  ["wrong arguments"] = [[
    for _, f in ipairs { "create", "wrap", "resume", "status", "close", "isyieldable" } do
      print(f, pcall(coroutine[f]))
      print(f, pcall(coroutine[f], 42))
      print(f, pcall(coroutine[f], nil))
      print(f, pcall(function() coroutine[f]({}) end))
    end]],
  ["a stack overflow and deep nesting"] = [[
    local function deep(n)
      if n == 0 then return "bottom" end
      return coroutine.wrap(deep)(n - 1)
    end
    print(deep(100))
    print((select(2, pcall(deep, 300)):gsub("^.*: ", "")))
    local co = coroutine.create(function() local function f() return 1 + f() end return f() end)
    print((select(2, coroutine.resume(co)):match("stack overflow")))]],
  ["many values"] = [[
    local list = {}
    for i = 1, 200 do list[i] = i end
    local w = coroutine.wrap(function(...) print(select("#", coroutine.yield(...))) return ... end)
    print(select("#", w(table.unpack(list))))
    print(select("#", w(table.unpack(list))))
    local co = coroutine.create(function(...) return ... end)
    print(select("#", coroutine.resume(co, table.unpack(list, 1, 100000))))]],
  ["resume is a value like any other"] = [[
    local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
    print(pcall(coroutine.resume, co, 1))
    print(select(2, coroutine.resume(co, 4)))
    local t = setmetatable({}, { __index = coroutine.wrap(function(_, k) while true do _, k = coroutine.yield(k) end end) })
    print(t.a, t.b)
    print(table.concat({ ("abc"):gsub(".", coroutine.wrap(function(c) while true do c = coroutine.yield(c:upper()) end end)) }, " "))]],
  ["tracebacks and debug reach coroutines"] = [[
    local co = coroutine.create(function() local here = 1; coroutine.yield(here) end)
    coroutine.resume(co)
    print(debug.getinfo(co, 1, "l").currentline, (debug.getlocal(co, 1, 1)))
    local n = 0
    debug.sethook(co, function() n = n + 1 end, "l")
    coroutine.resume(co)
    print(n > 0)]],
  ["a finalizer that makes coroutines"] = [[
    setmetatable({}, { __gc = function() print(coroutine.wrap(function() coroutine.yield("gc") end)(), coroutine.isyieldable()) end })
    collectgarbage()
    collectgarbage()]],
  ["producers and filters"] = [[
    local function filter(source, keep)
      return coroutine.wrap(function() for v in source do if keep(v) then coroutine.yield(v) end end end)
    end
    local source = coroutine.wrap(function() for i = 2, 30 do coroutine.yield(i) end end)
    for _ = 1, 5 do
      local prime = source()
      io.write(prime, " ")
      source = filter(source, function(v) return v % prime ~= 0 end)
    end
    print()]],
  ["os.exit closes the main chunk's guards"] = [[
    local guard <close> = setmetatable({}, { __close = function() print("closed") end })
    os.exit(3, true)]],
}

local function run(program, text)
  local path = t.write(t.scratch .. "/snippet.lua", text)
  local result = t.siterun({ program = program, args = { path } })
  -- Only what is wrong and where: the frames of siterun's own are its affair.
  local complaint = result.stderr:gsub("^%w[%w.]*: ", ""):gsub("\nstack traceback:.*", "\n")
  return { result.code, result.stdout, complaint }
end

for name, text in pairs(SAME) do
  t.test(name, function()
    t.equal(run(nil, text), run("lua5.4", text))
  end)
end
