-- siterun tests/bench/count.lua [--check] FILE: instructions of the hot paths, as valgrind counts them, into
-- FILE; with --check only compares. Unlike times they are the same on a busy machine; so that they are on
-- another processor too, the libraries are kept from what only some have.
-- siterun tests/bench/count.lua --flat: those of a request among 10 to 10,000 tasks.
package.path = "./?.lua;./?/init.lua;" .. package.path

local server = require "tests.bench.server"
local t = require "tests.t"

local WITHIN = 0.03

-- What counted.lua does, how often at least, and how many times more. The difference counts, so the start does not;
-- of so many runs the least, as waiting for an answer takes more where the machine is busy.
local WORKS = {
  { "decode", 10, 60, 1 }, { "encode", 10, 60, 1 }, { "get", 20, 400, 5 }, { "declared", 20, 200, 5 },
  { "limited", 20, 200, 5 },
}

local ENV = { "env -i PATH=/usr/bin:/usr/sbin:/bin LC_ALL=C.UTF-8 BENCH_TOKEN=bench-token OPENSSL_ia32cap=0",
  "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-BMI1,-BMI2,-LZCNT,-ERMS,-FSRM,-SSE4_2,-SSSE3" }

local VALGRIND = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null"

local function count(at, arguments)
  local command = ("%s BENCH_URL=%s HOME=%s SITERUN_STATE=%s/state %s %s %s 2>&1 </dev/null"):format(
    table.concat(ENV, " "), at.url, at.folder, at.folder, VALGRIND, t.quote(t.program), arguments)
  local pipe <close> = assert(io.popen(command))
  local output = pipe:read "a"
  local digits = output:match("I%s+refs:%s+([%d,]+)")
  if not digits then error(command .. "\n" .. output, 0) end
  return tonumber((digits:gsub(",", "")))
end

local function least_of(runs, at, arguments)
  local least = math.huge
  for _ = 1, runs do least = math.min(least, count(at, arguments)) end
  return least
end

local function of_work(at, name, few, more, runs)
  local script = "tests/bench/counted.lua " .. name .. " "
  return (least_of(runs, at, script .. few + more) - least_of(runs, at, script .. few)) // more
end

local CROWDS, MORE = { 10, 100, 1000, 10000 }, 4000

-- Each task has a connection by the time that counts.
local function flat()
  local at <close> = server.start(t.scratch)
  for _, tasks in ipairs(CROWDS) do
    local script = "tests/bench/counted.lua crowd %d " .. tasks
    local few = count(at, script:format(2 * tasks))
    local each = (count(at, script:format(2 * tasks + MORE)) - few) // MORE
    print(("%6d tasks: %6d instructions a request"):format(tasks, each))
  end
end

local function all()
  local at <close> = server.start(t.scratch)
  local lines = { "start " .. count(at, "/dev/null") }
  for _, work in ipairs(WORKS) do
    lines[#lines + 1] = work[1] .. " " .. of_work(at, table.unpack(work))
  end
  return lines
end

---The breaches; "" for none.
local function compare(lines, path)
  local kept, wrong = "\n" .. t.read(path), {}
  for _, line in ipairs(lines) do
    local name, is = line:match("(%S+) (%d+)")
    local was = tonumber(kept:match("\n" .. name .. " (%d+)")) or 0
    local share = was > 0 and is / was - 1 or math.huge
    if math.abs(share) > WITHIN then
      wrong[#wrong + 1] = ("%s: %s instructions instead of %d (%+.1f %%)"):format(name, is, was, share * 100)
    end
  end
  return table.concat(wrong, "\n")
end

local TRIES = 3 -- on a busy machine an answer is late at times, and to look for it counts

local function check(path)
  local wrong
  for _ = 1, TRIES do
    wrong = compare(all(), path)
    if wrong == "" then return end
  end
  io.stderr:write(wrong, "\n`make counts` keeps the new ones, when the reason is known\n")
  os.exit(1)
end

local function keep(path)
  local text = table.concat(all(), "\n") .. "\n"
  t.write(path, text)
  io.write(text)
end

local path = arg[#arg]
if path == "--flat" then
  flat()
elseif arg[1] == "--check" then
  check(path)
else
  keep(path)
end
