-- Secrets from each source, the configuration file, a child process.
local secret = require("c.secret")
local file = require("c.file")

local function check(value, failure)
  if value == nil then error(failure.message, 0) end
  return value
end

local key = check(secret.new("p/w+d \u{e9}", "here"))
assert(secret.redact("a p%2Fw%2Bd+%C3%A9 b") == "a *** b")
assert(tostring(key) == "here")
assert(tostring(check(secret.command({ "printf", "abcdef" }))) == "the command 'printf'")
check(file.temporary_folder())
local process <close> = check(require("c.process").start({ "printf", "one\\ntwo" }))
assert(check(process:line()) == "one")
local settings = require("siterun.config").service("probe", {
  { name = "key", type = "secret", text = "its key" },
  { name = "limit", type = "limit", default = "5/2s", text = "its limit" },
}, { key = key })
assert(settings.limit.count == 5)
print(secret.redact("ok abcdefg"))
