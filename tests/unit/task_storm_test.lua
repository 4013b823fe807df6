-- Tasks that start, join, cancel and time one another out, at random: each guard is closed once, each
-- task ends, and nothing is left.
local t = require("tests.t")
local task = require("task")

local ROUNDS, DEPTH_MAX, TASKS_MAX = 20, 4, 300

local storm = {}

local function guard()
  storm.opened = storm.opened + 1
  return setmetatable({}, { __close = function() storm.closed = storm.closed + 1 end })
end

local act

local function body(depth)
  return function()
    local _ <close> = guard()
    for _ = 1, math.random(4) do act(depth) end
    if math.random(12) == 1 then error("on purpose") end
  end
end

local function any_task()
  return storm.tasks[math.random(#storm.tasks)]
end

local function spawn(depth)
  if #storm.tasks < TASKS_MAX then
    table.insert(storm.tasks, task.spawn(body(depth)))
  end
end

local function in_generator()
  local next_one = coroutine.wrap(function()
    local _ <close> = guard()
    task.sleep(0.001)
    coroutine.yield()
    task.sleep(0)
  end)
  next_one()
  next_one()
end

-- Where a comparison can't yield.
local function in_sort()
  table.sort({ 3, 1, 2 }, function(a, b)
    task.sleep(0)
    return a < b
  end)
end

local ACTS = {
  function() task.sleep(math.random(0, 3) / 1000) end,
  spawn,
  function() any_task():cancel() end,
  function() task.timeout(0.005, function() any_task():join() end) end,
  function(depth) task.timeout(math.random(0, 3) / 1000, body(depth)) end,
  function(depth) task.all({ body(depth), body(depth), body(depth) }) end,
  function(depth) task.run(body(depth)) end,
  in_generator,
  in_sort,
  function() collectgarbage("step") end,
}

function act(depth)
  if depth < DEPTH_MAX then
    pcall(ACTS[math.random(#ACTS)], depth + 1)
  end
end

local function main()
  for _ = 1, 30 do spawn(0) end
  for _ = 1, 20 do act(0) end
  for _, one in ipairs(storm.tasks) do pcall(one.join, one) end
end

t.test("whatever tasks do to one another, each ends and closes its guards", function()
  for round = 1, ROUNDS do
    math.randomseed(round)
    storm = { opened = 0, closed = 0, tasks = {} }
    task.run(main)
    t.equal({ round, storm.closed }, { round, storm.opened })
    t.truthy(storm.opened > 30, "opened")
    for _, one in ipairs(storm.tasks) do t.truthy(one:is_done(), "done") end
  end
end)
