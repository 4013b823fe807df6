local t = require "tests.t"
local json = require "c.json"
local lookup = require "siterun.lookup"

local SITE, KIND, TWIN = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7001",
  "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7009",
  "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7010"
local REPAIR = "70d42d78-899a-4d5e-8cf0-79a0e4a60001"

local spec = require("ticketing").declaration.types.custom_fields
local instance = {
  customFields = { { id = SITE, title = "Site" },
    { id = KIND, title = "Kind of work", options = { { key = REPAIR, text = "Repair" } } } },
  customFieldsLeft = { { id = SITE, title = "Site" }, { id = TWIN, title = "Twin" } },
  customFieldsRight = { { id = "146db0c4-0d5c-4f63-9a0e-5e0c6a1b7011", title = "Twin" } },
  optionalFieldsLeft = { { id = "description", title = "Description" } },
}

local function resolve(fields)
  return lookup.resolve({ fail = function(message) error(message, 0) end }, spec, fields,
    instance)
end

t.test("titles become ids, ids stay", function()
  t.equal(resolve { Site = "MTS-014" }, { [SITE] = "MTS-014" })
  t.equal(resolve { [SITE] = "x", description = "y" }, { [SITE] = "x", description = "y" })
end)

t.test("texts of a pick list become option ids", function()
  t.equal(json.encode(resolve { ["Kind of work"] = "Repair" }),
    '{"' .. KIND .. '":["' .. REPAIR .. '"]}')
  t.equal(resolve { [KIND] = { "Repair" } }[KIND][1], REPAIR)
  t.equal(resolve { [KIND] = { REPAIR } }[KIND][1], REPAIR)
  t.equal(resolve { ["Kind of work"] = json.null }[KIND], json.null)
end)

t.test("unknown and ambiguous titles are errors", function()
  t.raises(function() resolve { Stie = 1 } end, 'no field "Stie" %(did you mean "Site"')
  t.raises(function() resolve { Twin = 1 } end, "ambiguous")
  t.raises(function() resolve { ["Kind of work"] = "Repiar" } end, 'did you mean "Repair"')
  t.raises(function() resolve { Site = 1, [SITE] = 2 } end, "twice")
end)
