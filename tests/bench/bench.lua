-- siterun tests/bench/bench.lua README: `make bench`. Measures the workloads of work.lua against libcurl
-- alone (raw.c) on one server, and what this program's own parts cost; writes the tables between
-- the README's markers and the plot beside this file. BENCH_ROUNDS is how many rounds count.
package.path = "./?.lua;./?/init.lua;" .. package.path

local measured = require "tests.bench.measured"
local plot = require "tests.bench.plot"
local server = require "tests.bench.server"
local t = require "tests.t"

local README, BUILT = arg[1], os.getenv "BENCH"
local RAW = BUILT .. "/raw"
local ROUNDS = tonumber(os.getenv "BENCH_ROUNDS") or 5

-- How many requests, how many at once, how many units the time is divided by, the unit in µs.
local WORKS = {
  { "W1", "start, end", n = 1, c = 1, unit = "ms" },
  { "W1b", "start, one GET, end", n = 1, c = 1, unit = "ms" },
  { "W2", "5,000 GET one after another, each decoded", n = 5000, c = 1, unit = "µs/request" },
  { "W3", "20,000 GET, 64 at once, each decoded", n = 20000, c = 64, unit = "µs/request" },
  { "W4", "100 pages of 1,000 tickets (600 KB), each decoded", n = 100, c = 1, unit = "ms/page" },
  { "W5", "2,000 GET at once, answered after 1 s", n = 2000, c = 2000, unit = "ms" },
}
local DIVISOR = { ms = 1000, ["µs/request"] = 1, ["ms/page"] = 1000 }

local function note(...) io.stderr:write("  ", string.format(...), "\n") end

local function number(value)
  return (value >= 100 and "%.0f" or value >= 10 and "%.1f" or "%.2f"):format(value)
end

local function environment(at, n, c)
  return { BENCH_URL = at.url, BENCH_N = n, BENCH_C = c, BENCH_PAGES = at.folder .. "/page" }
end

local function product(work, env, wanted)
  local script = work == "W1" and "/dev/null" or "tests/bench/work.lua " .. work
  return { command = t.quote(t.program) .. " " .. script, env = env, wanted = wanted }
end

local function wanted_of(at, work)
  if work[1] == "W1" then return end
  if work[1] == "W4" then return { server.PAGES * server.ROWS, at.minutes }, { work.n, at.bytes } end
  return { work.n, work.n * server.SMALL.id }, { work.n, work.n * at.small }
end

---@return table[] rows of the first table
local function against_raw(at)
  local rows = {}
  for i, work in ipairs(WORKS) do
    local env, ours, theirs = environment(at, work.n, work.c), wanted_of(at, work)
    local both = measured.interleaved({ { command = RAW .. " " .. work[1], env = env, wanted = theirs },
      product(work[1], env, ours) }, work.n == 1 and 5 * ROUNDS or ROUNDS)
    local divisor = DIVISOR[work.unit] * (work.unit:find "/" and work.n or 1)
    rows[i] = { name = work[1], text = work[2], unit = work.unit, raw = both[1], ours = both[2],
      divisor = divisor, ratio = both[2].wall / both[1].wall, cpu = both[2].cpu / both[1].cpu }
    note("%s %.2f", work[1], rows[i].ratio)
  end
  return rows
end

local function table_of(rows)
  local lines = { "| | | libcurl alone | siterun | ratio | ratio of CPU time | peak memory, MB |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |" }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("| %s | %s | %s | %s %s | %.2f | %.2f | %.0f, %.0f |"):format(row.name, row.text,
      number(row.raw.wall / row.divisor), number(row.ours.wall / row.divisor), row.unit, row.ratio, row.cpu,
      row.raw.peak / 1024, row.ours.peak / 1024)
  end
  return lines
end

---What a call costs more with each part: CPU time of 5,000 calls, start-up taken off.
local function parts(at)
  local env, n = environment(at, 5000, 1), 5000
  local wanted = { n, n * server.SMALL.id }
  local none = measured.interleaved({ product("W1", env) }, ROUNDS)[1].cpu
  local got = measured.interleaved({ product("W2", env, wanted), product("declared", env, wanted),
    product("limited", env, wanted) }, ROUNDS)
  local pages = environment(at, server.PAGES, 1)
  local count = { server.PAGES * server.ROWS }
  local read = measured.interleaved({ product("decode", pages, count), product("cjson", pages, count) }, ROUNDS)
  note("parts")
  return { ("| a call by `http.get`, answer decoded | %.1f µs |"):format((got[1].cpu - none) / n),
    ("| a declared call (checks, authentication, unwrapping): more | %.1f µs |"):format((got[2].cpu - got[1].cpu) / n),
    ("| a limit on it: more | %.1f µs |"):format((got[3].cpu - got[2].cpu) / n),
    ("| `json.decode` of a page of 600 KB (lua-cjson) | %.2f ms (%.2f) |"):format(read[1].last / 1000 / server.PAGES,
      read[2].last / 1000 / server.PAGES) }
end

---Whether a request costs the same however many tasks there are.
local function tasks(at)
  local lines, n = {}, 20000
  for _, c in ipairs { 10, 100, 1000, 10000 } do
    local env = environment(at, n, c)
    local both = measured.interleaved({ { command = RAW .. " W3", env = env, wanted = { n, n * at.small } },
      product("W3", env, { n, n * server.SMALL.id }) }, math.min(3, ROUNDS))
    lines[#lines + 1] = ("| one of %d requests, %d at once (libcurl alone) | %.1f µs (%.1f), peak %.0f MB (%.0f) |"):format(
      n, c, both[2].cpu / n, both[1].cpu / n, both[2].peak / 1024, both[1].peak / 1024)
    note("%d tasks: %.1f", c, both[2].cpu / n)
  end
  return lines
end

---What the other benches print.
local function printed(command)
  local pipe <close> = assert(io.popen("BENCH_ROUNDS=3 timeout 40 " .. command .. " 2>&1"))
  local text = pipe:read "a"
  note("%s", command)
  return (text:gsub("%s+$", ""):gsub(t.quote(t.program), "siterun"))
end

local function machine()
  local cpu = t.read("/proc/cpuinfo"):match("model name%s*: ([^\n]*)")
  local cores = select(2, t.read("/proc/cpuinfo"):gsub("\nprocessor%s", "")) + 1
  local load = t.read("/proc/loadavg"):match("%S+ (%S+)")
  return ("%s, %d cores, with the server on them too and a load average of %s; medians of %d rounds at most, in turn."):format(
    cpu, cores, load, ROUNDS)
end

local function fill(path, text)
  local first, last = "<!-- bench -->\n", "<!-- end of bench -->"
  local before, after = t.read(path):match("^(.-" .. first:gsub("%p", "%%%0") .. ").-(" .. last:gsub("%p", "%%%0") .. ".*)$")
  assert(before, path .. " has no markers for the bench")
  t.write(path, before .. text .. "\n" .. after)
end

local function append(list, more)
  for _, line in ipairs(more) do list[#list + 1] = line end
end

local function run()
  local at <close> = server.start(t.scratch, true)
  local rows = against_raw(at)
  local lines = { machine(), "", "![siterun against libcurl alone](tests/bench/bench.svg)", "" }
  append(lines, table_of(rows))
  append(lines, { "", "| | CPU time |", "| --- | ---: |" })
  append(lines, parts(at))
  append(lines, tasks(at))
  append(lines, { "", "<pre>", printed(t.program .. " tests/bench/view.lua"),
    printed(t.program .. " tests/bench/complete.lua"),
    printed("env BENCH_URL=" .. at.url .. " " .. t.program .. " tests/bench/capacity.lua"), printed(BUILT .. "/slots_bench"),
    printed("tests/bench/journal " .. os.getenv "BENCH_PROGRAM"), "</pre>" })
  t.write("tests/bench/bench.svg", plot.draw(rows))
  fill(README, table.concat(lines, "\n"))
  print(table.concat(lines, "\n"))
end

run()
