local t = require "tests.t"
local paging = require "siterun.paging"

---Goes through scripted pages: { token the page comes for, its ids, next token }.
local function walk(script)
  local fetched = {}
  local ids = {}
  local iterator = paging.each {
    id = "id",
    fail = function(message) error(message, 0) end,
    fetch = function(token)
      fetched[#fetched + 1] = token or "first"
      local page = assert(script[#fetched], "fetched too often")
      local items = {}
      for i, id in ipairs(page[1]) do items[i] = { id = id } end
      return items, page[2]
    end,
  }
  local ok, problem = pcall(function()
    for item in iterator do ids[#ids + 1] = item.id end
  end)
  return table.concat(ids, " "), table.concat(fetched, " "), not ok and problem or nil
end

t.test("pages follow the token until there is none", function()
  local ids, fetched = walk { { { 1, 2 }, "a" }, { { 3 }, "b" }, { { 4 }, nil } }
  t.equal(ids, "1 2 3 4")
  t.equal(fetched, "first a b")
end)

t.test("items that moved between pages come once", function()
  t.equal((walk { { { 1, 2 }, "a" }, { { 2, 3 }, nil } }), "1 2 3")
end)

t.test("a page without anything new ends it", function()
  local ids, fetched = walk { { { 1, 2 }, "a" }, { { 1, 2 }, "b" } }
  t.equal(ids, "1 2")
  t.equal(fetched, "first a")
end)

t.test("empty pages are passed over, but not for ever", function()
  t.equal((walk { { { 1 }, "a" }, { {}, "b" }, { { 2 }, nil } }), "1 2")
  local script = { { { 1 }, "t0" } }
  for i = 1, 20 do script[#script + 1] = { {}, "t" .. i } end
  local ids, fetched = walk(script)
  t.equal(ids, "1")
  t.equal(fetched, "first t0 t1 t2 t3 t4")
end)

t.test("a token that comes again is an error, also in a longer circle", function()
  local _, _, problem = walk { { { 1 }, "a" }, { { 2 }, "a" } }
  t.match(problem, "repeats")
  local script = {}
  for i = 1, 40 do script[i] = { { i }, "t" .. i % 3 } end
  local _, _, circle = walk(script)
  t.match(circle, "repeats")
end)

t.test("only one page is held", function()
  local alive, most = setmetatable({}, { __mode = "k" }), 0
  local number = 0
  local iterator = paging.each {
    id = "id", fail = error,
    fetch = function()
      collectgarbage()
      local held = 0
      for _ in pairs(alive) do held = held + 1 end
      most, number = math.max(most, held), number + 1
      local items = {}
      for i = 1, 100 do
        items[i] = { id = number * 100 + i }
        alive[items[i]] = true
      end
      return items, number < 20 and "t" .. number or nil
    end,
  }
  local count = 0
  for _ in iterator do count = count + 1 end
  t.equal(count, 2000)
  t.truthy(most <= 100, "held " .. most)
end)

t.test("an empty list is empty", function()
  t.equal((walk { { {}, nil } }), "")
end)
