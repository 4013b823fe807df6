-- What every recipe does: text, tables, coroutines, errors, modules, JSON.
local text = {}
for i = 1, 20 do
  text[i] = ("%d:%s"):format(i, ("x"):rep(i))
end
local generate = coroutine.wrap(function()
  for _, part in ipairs(text) do
    coroutine.yield(part)
  end
end)
assert(generate() == "1:x")
assert(not pcall(error, { "caught" }))
assert(select("#", table.unpack(text)) == 20)
local errors = require("siterun.errors")
assert(tostring(errors.new({ kind = "denied", message = "no" })):find("no"))
assert(#require("json").decode("[" .. ('"\\n",'):rep(400) .. "0]") == 401)
print(table.concat(text, ","))
