-- The budget of repetitions, with real processes against a service that is down for all.
local peer = require "tests.peer"
local t = require "tests.t"

local READS, PROCESSES = 60, 3

-- Each process sends its reads at once, so that their pauses overlap.
local SCRIPT = [[
local task = require "task"
local tk = require("ticketing").connect { url = arg[1], key = "PRIMARY", limit = "10000/1s" }
local reads = {}
for i = 1, tonumber(arg[2]) do reads[i] = i end
task.map(reads, function(i) pcall(tk.tickets.get, tk.tickets, tostring(i)) end, { limit = #reads })
]]

t.test("processes share the budget: an outage is amplified by a tenth, and ten first ones", function()
  local script = t.write(t.scratch .. "/outage.lua", SCRIPT)
  local env = { SITERUN_STATE = t.scratch .. "/outage" }
  for _, headers in ipairs { {}, { ["Retry-After"] = "0" } } do
    local listener <close> = peer.listen({}, { { times = 0, status = 503, headers = headers } })
    for _ = 1, PROCESSES do
      local result = t.siterun { args = { script, listener.url, READS }, env = env }
      t.equal(result.stderr, "")
    end
    local first = READS * PROCESSES
    local repetitions = #listener:record().requests - first
    print(("# retry: %d reads of %d processes, service down: %d repetitions"):format(first, PROCESSES, repetitions))
    t.truthy(repetitions >= 10 and repetitions <= first // 10 + 10, repetitions .. " repetitions")
  end
end)
