-- What -o writes of a returned value.
local t = require "tests.t"

local function output(format, code, extra)
  local run = t.siterun { args = { "-o", format, "-e", code, table.unpack(extra or {}) } }
  t.equal(run.stderr, "")
  t.equal(run.code, 0)
  return run.stdout
end

local LIST = [[local null = require("json").null
return { { id = 9007199254740993, name = 'a "b", c', x = { 1, { 2 } } },
  { id = 2, name = null, y = -0.5, line = "1\r\n2" } }]]

t.test("json is one value", function()
  t.equal(output("json", LIST), '[{"id":9007199254740993,"name":"a \\"b\\", c","x":[1,[2]]},'
    .. '{"id":2,"line":"1\\r\\n2","name":null,"y":-0.5}]\n')
  t.equal(output("json", "return nil"), "null\n")
  t.equal(output("json", "return {}"), "{}\n")
  t.equal(output("json", "return require('json').array {}"), "[]\n")
  t.equal(output("json", "return '\\x7f\\u{9b}'"), '"\\u007f\\u009b"\n')
end)

t.test("ndjson is one item a line", function()
  t.equal(output("ndjson", "return { 1, 'a', { b = 2 } }"), '1\n"a"\n{"b":2}\n')
  t.equal(output("ndjson", "return { b = 2 }"), '{"b":2}\n')
  t.equal(output("ndjson", "return require('json').array {}"), "")
end)

t.test("csv has the union of the columns, as RFC 4180 says", function()
  t.equal(output("csv", LIST), 'id,name,line,x,y\r\n9007199254740993,"a ""b"", c",,"[1,[2]]",\r\n'
    .. '2,,"1\r\n2",,-0.5\r\n')
  t.equal(output("csv", "return { a = 1 }"), "a\r\n1\r\n")
  t.equal(output("csv", "return { 1, 'x' }"), "value\r\n1\r\nx\r\n")
  t.equal(output("csv", "return { { 'a', 'b' }, { 1, true } }"), "a,b\r\n1,true\r\n")
  t.equal(output("csv", "return { { a = '', b = 1 }, { b = 2 } }"), 'a,b\r\n"",1\r\n,2\r\n')
end)

t.test("csv of nothing is nothing", function()
  t.equal(output("csv", "return {}"), "")
  t.equal(output("csv", "return { {}, {} }"), "")
end)

t.test("csv gives no formula to a spreadsheet, and leaves numbers alone", function()
  t.equal(output("csv", [[return { "=1+1", "@x", "+cmd", "-2+3*x", "\tx", "+44 (0)20 7946", "-5", -5, "a=b" }]]),
    "value\r\n'=1+1\r\n'@x\r\n'+cmd\r\n'-2+3*x\r\n'\tx\r\n+44 (0)20 7946\r\n-5\r\n-5\r\na=b\r\n")
  t.equal(output("csv", "return { { ['=x'] = 1 } }"), "'=x\r\n1\r\n")
end)

t.test("a table is whole where nobody looks, without colours", function()
  t.equal(output("table", "return { { id = 1, text = ('x'):rep(100), name = 'a' } }"),
    "id  name  text\n 1  a     " .. ("x"):rep(100) .. "\n1 row\n")
end)

t.test("a table has the columns of all rows, however many there are", function()
  local text = output("table", "local l = {} for i = 1, 20002 do l[i] = { id = i } end l[20002].late = 'x' return l")
  t.match(text, "^   id  late\n.*\n20002  x\n20,002 rows\n$")
end)

local COUNT = "local i = 0 return function() i = i + 1 if i <= 2 then return { id = i } end end"

t.test("an iterator is written item by item", function()
  t.equal(output("json", COUNT), '[{"id":1},{"id":2}]\n')
  t.equal(output("ndjson", COUNT), '{"id":1}\n{"id":2}\n')
  t.equal(output("csv", COUNT), "id\r\n1\r\n2\r\n")
  t.equal(output("table", COUNT), "id\n 1\n 2\n2 rows\n")
  t.equal(output("json", "return function() end"), "[]\n")
  local run = t.siterun { args = { "-o", "ndjson", "-e",
    "local i = 0 return function() i = i + 1 if i == 2 then error('stop') end return i end" } }
  t.equal(run.stdout, "1\n", "what came before an error is there")
  t.match(run.stderr, "stop")
  t.equal(run.code, 1)
end)

t.test("a full disk ends an endless list", function()
  for _, format in ipairs { "json", "ndjson" } do
    local code = "local i = 0 return function() i = i + 1 io.open('/none') return i end"
    local line = "timeout 20 %s -o %s -e %q 2>&1 >/dev/full"
    local pipe <close> = io.popen(line:format(t.program, format, code))
    t.match(pipe:read "a", "^siterun: cannot write the output: No space left on device\n")
  end
end)

t.test("a page of a service is its items; json has it whole; an iterator may wait", function()
  local code = "local tk = require('ticketing').connect() return tk.tickets:"
  local function sandbox(format, call)
    return t.siterun { args = { "--sandbox", "-o", format, "-e", code .. call } }
  end
  local run = sandbox("csv", "list { limit = 2 }")
  t.match(run.stdout, "^id,ticketNo,title,status,.-\r\n.-\r\n.-\r\n$")
  t.equal(run.stderr, "siterun: this is one page, and there are more: each and all read them\n")
  t.match(sandbox("json", "list { limit = 2 }").stdout, '^{"continuationToken":')
  local _, lines = sandbox("ndjson", "each { limit = 1000, status = 'Reopened' }").stdout:gsub("\n", "")
  t.truthy(lines > 10)
end)

t.test("what task.map returns is a list", function()
  local code = "return require('task').map({ 1, 2 }, function(i) if i == 2 then return { id = i } end end)"
  t.equal(output("json", code), '[null,{"id":2}]\n')
end)

t.test("nothing is written of no value, nor without -o", function()
  t.equal(output("json", "print('x')"), "x\n")
  t.equal(t.siterun { args = { "-e", "return 1" } }, { code = 0, stdout = "", stderr = "" })
  local path = t.write(t.scratch .. "/returns.lua", "return { ... }")
  t.equal(t.siterun { args = { path, "a" } }.stdout, "")
  t.equal(t.siterun { args = { "--output=json", path, "a" } }.stdout, '["a"]\n')
  t.equal(t.siterun { args = { "-o", "json" }, stdin = "return 1" }.stdout, "1\n")
end)

for _, case in ipairs {
  { { "-o", "jsn", "-e", "" }, "^siterun: %-%-output is json, ndjson, csv or table, not 'jsn' %(did you mean 'json'%?%)\n$" },
  { { "-o" }, "option '%-o' needs FORMAT" },
  { { "-o", "csv", "limits" }, "^siterun: %-o is for %-e and recipes: see siterun limits %-%-help\n$" },
  { { "-o", "json", "-e", "return 1, 2" }, "%-o writes one value, and 2 were returned: return a list" },
  { { "-o", "json", "-e", "return { a = print }" }, "a: a function cannot be JSON" },
  { { "-o", "json", "-e", "return { a = 0/0 }" }, "a: NaN cannot be JSON" },
  { { "-o", "csv", "-e", "return { 1, 1/0 }" }, "infinity cannot be JSON" },
  { { "-o", "csv", "-e", "return { 1, {} }" }, "csv: item 2 is an object, and item 1 a single value" },
  { { "-o", "ndjson", "-e", "local t = {} t[1] = t return t" }, "a table holds itself" },
} do
  t.test("refused: " .. table.concat(case[1], " "), function()
    local run = t.siterun { args = case[1] }
    t.equal(run.stdout, "")
    t.match(run.stderr, case[2])
    t.equal(run.code, 2)
  end)
end
