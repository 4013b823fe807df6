---The seeded data of the three services: sites, locks and people are made at once, tickets when
---the first of them is asked for. The seed decides names and numbers; dates are relative to
---today.
local random = require("sandbox.random")
local words = require("sandbox.words")

---@class sandbox.World
---@field now integer milliseconds since 1970 when it was made; every date is relative to it
---@field sites table[] in the service's own form, with `locks`
---@field locks table<integer, table> by id
---@field technicians table[]
---@field work_sessions table[]
local M = {}

local function add_lock(world, r, site, index)
  local lock = {
    id = world.next_lock,
    name = site.name .. (index == 1 and " - gate" or " - door " .. index - 1),
    site = { id = site.id, name = site.name },
    deleted = false,
    deactivated = false,
    description = "",
    lock_type_id = r:int(1, 4),
    hardware_type = r:pick { "AxessP2", "AxessT3", "Controller-2" },
  }
  world.next_lock = world.next_lock + r:int(1, 9)
  site.locks[index] = lock
  world.locks[lock.id] = lock
end

local function add_sites(world, r)
  for i, word in ipairs(words.sites) do
    local site = {
      id = 4100 + i, name = word[1], latitude = word[2], longitude = word[3], locks = {},
    }
    for index = 1, r:int(1, 4) do
      add_lock(world, r, site, index)
    end
    world.sites[i] = site
  end
end

local function add_technicians(world, r)
  for i, word in ipairs(words.technicians) do
    local email = word[3] .. "@fieldworks.example"
    world.technicians[i] = {
      id = r:uuid(),
      first_name = word[1],
      last_name = word[2],
      name = word[1] .. " " .. word[2],
      email = email,
      username = email,
      membership_id = r:uuid():sub(1, 18),
      user_group = "user",
      language = "en",
      device_restricted = true,
    }
  end
end

local function add_offices(world, r)
  for i, word in ipairs(words.offices) do
    world.offices[i] = { id = r:uuid(), name = word[1], email = word[2] .. "@sandbox.example" }
  end
end

---@param options { seed: integer, tickets: integer }
---@param now integer milliseconds since 1970
---@return sandbox.World
function M.new(options, now)
  local r = random.new(options.seed)
  local world = {
    now = now, seed = options.seed, ticket_count = options.tickets, random = r,
    sites = {}, locks = {}, technicians = {}, offices = {}, keys = {}, users = {},
    next_lock = 143415, next_key = 880213,
  }
  add_sites(world, r)
  add_technicians(world, r)
  add_offices(world, r)
  for _, person in ipairs(world.technicians) do
    world.users[person.membership_id] = person
  end
  require("sandbox.visits").add(world, r)
  require("sandbox.projects").add(world, r)
  return world
end

---@param world sandbox.World
---@return sandbox.Tickets
function M.tickets(world)
  if not world.tickets then
    world.tickets = require("sandbox.tickets").new(world)
  end
  return world.tickets
end

return M
