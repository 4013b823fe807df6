-- The journal: whatever fails, what is on the disk stays whole.
local file, raw, task = require("c.file"), require("c.journal"), require("task")

local function check(value, failure)
  if value == nil then error(failure.message, 0) end
  return value
end

local folder = check(file.temporary_folder())

local function append(journal, record)
  local op <close> = journal:append(record)
  task.wait(op)
  return check(op:result())
end

local function write(journal, key)
  if check(journal:claim(key, "content")) ~= "claimed" then error("the key is held", 0) end
  local intent = append(journal, { kind = "intent", once = key, content = "content", body = ("x"):rep(900) })
  append(journal, { kind = "outcome", once = key, intent = intent, outcome = "done", deferred = true })
  assert(check(journal:claim(key, "content")) == "done")
end

local function work()
  local journal <close> = setmetatable({}, { __close = function(self)
    if self.handle then self.handle:close() end
  end })
  journal.handle = check(raw.open(folder))
  write(journal.handle, "first")
  write(journal.handle, "second")
  check(journal.handle:claim("third", "content"))
  check(journal.handle:unclaim("third"))
  assert(#check(journal.handle:read { kind = "intent" }) == 2)
  assert(check(journal.handle:verify()) == 4)
  assert(check(journal.handle:prune(os.time() + 60)) == 4)
end

local ok, e = pcall(work)
local journal = check(raw.open(folder))
check(journal:verify())
journal:close()
if not ok then error(e, 0) end
print("kept")
