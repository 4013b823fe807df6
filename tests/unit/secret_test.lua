local t = require "tests.t"

t.test("the list of sealed variables is what the services declare", function()
  for service, keys in pairs(require("siterun.sealed").services) do
    local declared = {}
    for _, setting in ipairs(require(service).declaration.settings) do
      if setting.type == "secret" then declared[setting.name] = setting.env end
    end
    t.equal(keys, declared, service)
  end
end)

t.test("handles tell nothing but their source", function()
  local secret = require "c.secret"
  local handle = assert(secret.new("open-sesame", "a label"))
  t.equal(tostring(handle), "a label")
  t.equal(string.format("%s", handle), "a label")
  t.equal(getmetatable(handle), false)
  t.raises(function() return handle .. "" end, "concatenate")
  t.raises(function() return #handle end, "length")
  t.raises(function() return handle.value end, "index")
  t.raises(function() require("json").encode { handle } end)
  t.equal(secret.is(handle), true)
  t.equal(secret.is("open-sesame"), false)
end)

t.test("handles are equal when their values are", function()
  local secret = require "c.secret"
  t.equal(secret.new("open-sesame") == secret.new("open-sesame", "elsewhere"), true)
  t.equal(secret.new("open-sesame") == secret.new("open-sesamf"), false)
  t.equal(secret.new("open-sesame") == "open-sesame", false)
end)

t.test("the faces raise errors of kind config", function()
  local secret = require "secret"
  local function case(name, argument, words)
    local e = t.raises(function() secret[name](argument) end, "config")
    t.match(tostring(e), words)
  end
  case("env", "NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE is not set")
  case("file", "/no/such", "/no/such")
  case("command", { "/no/such" }, "/no/such")
end)

t.test("a command is a list of strings", function()
  local secret = require "secret"
  t.raises(function() secret.command {} end, "a list with the program")
  t.raises(function() secret.command { "a", 5 } end, "argument 2 .* string expected")
  t.raises(function() secret.command { "a\0b" } end, "NUL")
end)
