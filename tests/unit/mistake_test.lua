---What a session says of errors, and what it keeps from chunk to chunk.
local t = require("tests.t")
local terminal = require("tests.terminal")

---Types a line and expects the message, the line with its mark, and the next prompt.
local function check(session, line, message, column)
  session:press("C-l")
  local mark = "  " .. (" "):rep(column - 1) .. "^\n"
  local text = ("> %s\nsiterun: stdin:1: %s\n  %s\n%s"):format(line, message, line, mark)
  session:enter(line, (text:gsub("%W", "%%%0")) .. "[a-z]*>\n$")
end

t.test("an error is shown with its place and the name that was meant", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  check(session, "x = tickting.connect()",
    "attempt to index a nil value (global 'tickting') (did you mean \"ticketing\"?)", 5)
  check(session, "for i = 1, 2 do task.slep(1) end",
    "attempt to call a nil value (field 'slep') (did you mean \"sleep\"?)", 22)
  check(session, "('ö'):uper()", "attempt to call a nil value (method 'uper')", 7)
  check(session, "local s = 'uper' .. nil", "attempt to concatenate a nil value", 1)
  check(session, "print(#('x'):rep({}))",
    "bad argument #1 to 'rep' (number expected, got table)", 14)
  check(session, "local a = 1 local b = a + {}",
    "attempt to perform arithmetic on a table value", 1)
  check(session, "if true then assert(false, 'no') end", "no", 14)
  session:enter("tickting",
    '\nnil\nsiterun: there is no "tickting" %(did you mean "ticketing"%?%)\n>\n$')
  session:enter("ticketing ~= nil", "\ntrue\n>\n$")
  check(session, "x = (1 + 2]] .. 3", "')' expected near ']'", 11)
  check(session, "nosuch.field", "attempt to index a nil value (global 'nosuch')", 1)
  check(session, "= 1 + * 2", "unexpected symbol near '*'", 7)
end)

t.test("a call of a service that can't be is marked too", function()
  local session <close> = terminal.siterun("--sandbox")
  session:wait(">\n")
  session:enter("tk = ticketing.connect()", ">\n")
  session:enter("tk.tickets:lst()",
    '"lst" %(did you mean "list"%?%)\n  tk.tickets:lst%(%)\n' .. (" "):rep(13) .. "%^\n")
  session:enter("tk.tickets:list{ statos = 1 }",
    '"statos" %(did you mean "status"%?%).-\n  tk[^\n]+\n' .. (" "):rep(19) .. "%^\n")
end)

t.test("the traceback comes with :bt only, and an old chunk's line is found", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:paste("function outer()\n  inner()\nend\nfunction inner()\n  error('deep')\nend")
  session:press("Enter")
  session:enter("print('between')", "\nbetween\n")
  local screen = session:enter("outer()",
    "\nsiterun: stdin:5: deep\n    error%('deep'%)\n    %^\n>\n$")
  t.truthy(not screen:find("traceback"))
  session:enter(":bt", "stdin:5: deep\nstack traceback:\n%s+stdin:5: in [^\n]*inner[^\n]*\n"
    .. "%s+stdin:2: in ")
end)

t.test("what an error or an old line quotes neither steers the terminal nor tells a secret", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter([[error("a\27[2J\27]0;b\7c")]], "stdin:1: a\\x1b%[2J\\x1b%]0;b\\x07c\n")
  session:enter(":bt", "> :bt\nstdin:1: a\\x1b%[2J\\x1b%]0;b\\x07c\nstack")
  session:paste("x = '\27[2Jpasted'")
  session:press("Enter")
  session:enter(":history pasted", "> :history pasted\nx = '\\x1b%[2Jpasted'\n>\n$")
  session:enter("_ = ticketing.connect { url = 'http://127.0.0.1:1', key = 'a-long-secret' } and 1", ">\n$")
  session:enter("x = 'a-long-secret' nosuch()",
    "\n  x = '%*%*%*' nosuch%(%)\n" .. (" "):rep(12) .. "%^\n>\n$")
end)

t.test("a mark is right in a long line, below wide characters", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  local line = "x = '" .. ("漢"):rep(50) .. "' nosuch()"
  session:enter(line, "\n  [漢' ]+nosuch%(%)\n +%^\n>\n$")
  local shown, mark = session:screen():match("\n  ([^\n]*nosuch%(%))\n  ( *)%^\n>\n$")
  local before = shown:match("^(.*)nosuch")
  local _, wide = before:gsub("漢", "")
  t.equal(#mark, utf8.len(before) + wide)
end)

t.test("expressions print; =x too; _ is the last value", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter("6 * 7", "\n42\n>\n")
  session:enter("_ + 1", "\n43\n>\n")
  session:enter("=_ + 1", "\n44\n>\n")
  session:enter("x = 1", "x = 1\n>\n")
  session:enter("_", "> _\n44\n>\n")
end)

t.test("local variables live on", function()
  local session <close> = terminal.siterun()
  session:wait(">\n")
  session:enter("local x, y <const> = 1, 2", ">\n")
  session:enter("x + y", "\n3\n>\n")
  session:enter("local function get() return x end", ">\n")
  session:enter("x = 10; print(get(), _G.x)", "\n10%s+nil\n>\n")
  session:enter("do local hidden = 5 end", ">\n")
  session:enter("hidden", "\nnil\n>\n")
  session:enter("local tk <close> = nil return 'left'", "\nleft\n>\n")
  session:enter("ge", '"get"%?%)\n>\n')
  session:enter("xx.y = 1", "%(global 'xx'%)")
end)
