local t = require "tests.t"
local json = require "json"
local c = require "c.json"
local cjson = require "cjson"

local function at(text, options)
  local e = t.raises(function() json.decode(text, options) end, "decode")
  return e.position, e.message
end

-- Texts that come back as they were, byte for byte.
local SAME = {
  "null", "true", "false", "0", "-1", "143415", "9223372036854775807", "-9223372036854775808",
  "9007199254740993",
  "0.1", "-0.0", "1.0", "100000.0", "1e+22", "5e-324", "2.2250738585072014e-308",
  "1.7976931348623157e+308",
  "0.30000000000000004", "123456789.123", "1e-07", '""', '"a b"', '"/"',
  '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f"',
  '"\xC3\xA9"', '"\xE2\x82\xAC"', '"\xF0\x9F\x98\x80"', '"\xEF\xBF\xBF"', '"\xF4\x8F\xBF\xBF"',
  '"\x7F"', "[]", "{}", "[[]]", "[{}]", "[[],{}]",
  '{"a":[]}', '{"a":{}}', '{"":0}', "[null]", "[null,1,null]", '{"a":null}',
  '{"1":"a","2":"b"}', '{"A":1,"a":2,"aa":3,"b":4}',
  '{"a b":{"c":[{"d":[[1,2.5,"x"]]}]}}',
}

-- Texts that are read, and what they are written as.
local ACCEPTED = {
  { " \t\r\n1 \t\r\n", "1" }, { "[ 1 , 2 ]", "[1,2]" },
  { '{ "b" : 1 , "a" : 2 }', '{"a":2,"b":1}' }, { "1E5", "100000.0" }, { "1e5", "100000.0" },
  { "0e0", "0.0" }, { "-0", "0" }, { "1.50", "1.5" }, { "1e-400", "0.0" }, { "0.1e1", "1.0" },
  { "12E+2", "1200.0" },
  { '"\\/"', '"/"' }, { '"\\u00e9\\u20AC"', '"\xC3\xA9\xE2\x82\xAC"' },
  { '"\\ud83d\\uDE00"', '"\xF0\x9F\x98\x80"' }, { '"\\u0041\\u007f"', '"A\x7F"' },
  { '{"a":1,"a":2}', '{"a":2}' }, { '{"a":1,"a":{}}', '{"a":{}}' }, { "[[ ],{ }]", "[[],{}]" },
  { "0.1000000000000000055511151231257827", "0.1" },
}

-- Texts that are refused, the byte that is named, and words of the message.
local REFUSED = {
  { "", 1, "empty" }, { " \n ", 1, "empty" }, { "[", 2, "too early" }, { "[1", 3, "too early" },
  { "[1,", 4, "too early" }, { '{"a"', 5, "too early" }, { "{", 2, "too early" },
  { '"abc', 5, "too early" }, { '{"a":', 6, "too early" }, { '{"a":1', 7, "too early" },
  { "[1,]", 4, "a value" }, { "[,1]", 2, "a value" }, { "[1,,2]", 4, "a value" },
  { "[1 2]", 4, "',' or ']'" }, { "[1;2]", 3, "',' or ']'" }, { "]", 1, "a value" },
  { "[}", 2, "a value" }, { "[1}", 3, "',' or ']'" }, { "[1:2]", 3, "',' or ']'" },
  { '{"a":1,}', 8, "a key" }, { "{,}", 2, "a key" }, { "{1:2}", 2, "a key" },
  { "{a:1}", 2, "a key" }, { "{'a':1}", 2, "a key" }, { "{]", 2, "a key" },
  { '{"a" 1}', 6, "':'" }, { '{"a":1 "b":2}', 8, "',' or '}'" }, { '{"a"::1}', 6, "a value" },
  { '{"a",1}', 5, "':'" }, { '{"a":1]', 7, "',' or '}'" }, { '{"a"}', 5, "':'" },
  { "[1]]", 4, "more text" }, { "1 2", 3, "more text" }, { "{} x", 4, "more text" },
  { "[] //", 4, "more text" }, { "/**/1", 1, "a value" }, { '""""', 3, "more text" },
  { "tru", 4, "too early" }, { "trux", 1, "a value" }, { "True", 1, "a value" },
  { "nul", 4, "too early" }, { "nulL", 1, "a value" }, { "falsy", 1, "a value" },
  { "nan", 1, "a value" }, { "NaN", 1, "a value" }, { "Infinity", 1, "a value" },
  { "-Infinity", 2, "a digit" }, { "undefined", 1, "a value" }, { "nulll", 5, "more text" },
  { "+1", 1, "a value" }, { ".5", 1, "a value" }, { "-", 2, "too early" },
  { "[-]", 3, "a digit" }, { "-.5", 2, "a digit" }, { "1.", 3, "too early" },
  { "1.e1", 3, "a digit" }, { "[1.]", 4, "a digit" }, { "1e", 3, "too early" },
  { "1e+", 4, "too early" }, { "[1e+]", 5, "a digit" }, { "1e1.5", 4, "more text" },
  { "01", 1, "starts with 0" }, { "-01", 2, "starts with 0" }, { "[00]", 2, "starts with 0" },
  { "-00.1", 2, "starts with 0" }, { "0x10", 2, "more text" }, { "1_000", 2, "more text" },
  { "--1", 2, "a digit" }, { "1 000", 3, "more text" }, { "1,2", 2, "more text" },
  { "9223372036854775808", 1, "beyond 64 bits" }, { "18446744073709551616", 1, "64 bits" },
  { "[-9223372036854775809]", 2, "beyond 64 bits" }, { "1e400", 1, "too large" },
  { "[-1e400]", 2, "too large" }, { ("9"):rep(400), 1, "64 bits" },
  { ("9"):rep(400) .. ".0", 1, "too large" },
  { "'a'", 1, "a value" }, { '"\\x41"', 3, "escape" }, { '"\\u12"', 6, "hexadecimal" },
  { '"\\u12G4"', 6, "hexadecimal" }, { '"\\U0041"', 3, "escape" }, { '"\\u', 4, "too early" },
  { '"\\"', 4, "too early" }, { '"\\', 3, "too early" }, { '"\\\n"', 3, "escape" },
  { '"a\nb"', 3, "control" }, { '"a\tb"', 3, "control" }, { '"\x01"', 2, "control" },
  { '"12345678\x1F"', 10, "control" }, { '{"a\n":1}', 4, "control" },
  { '"\\ud800"', 2, "surrogate" }, { '"\\udc00"', 2, "surrogate" },
  { '"\\ud800\\u0041"', 2, "surrogate" }, { '"x\\ude00\\ud83d"', 3, "surrogate" },
  { '"\\ud83d\\ud83d\\ude00"', 2, "surrogate" }, { '"\\ud83d\\n"', 2, "surrogate" },
  { '"a\xFFb"', 3, "UTF%-8" }, { '"\xC0\x80"', 2, "UTF%-8" }, { '"\xE0\x80\x80"', 2, "UTF%-8" },
  { '"\xED\xA0\x80"', 2, "UTF%-8" }, { '"\xF0\x80\x80\x80"', 2, "UTF%-8" },
  { '"\xF4\x90\x80\x80"', 2, "UTF%-8" }, { '"\xF8\x88\x80\x80\x80"', 2, "UTF%-8" },
  { '"\xC3"', 2, "UTF%-8" }, { '"\xE2\x82"', 2, "UTF%-8" }, { '"\x80"', 2, "UTF%-8" },
  { '"\xC3\xA9\xC3"', 4, "UTF%-8" }, { '"1234567\xC3\xA9\xA9"', 11, "UTF%-8" },
  { '{"\xFF":1}', 3, "UTF%-8" }, { "\xFF", 1, "UTF%-8" }, { "[\xC3\xA9]", 2, "a value" },
  { "\xEF\xBB\xBF1", 1, "byte order mark" }, { "[\xEF\xBB\xBF1]", 2, "a value" },
  { "1\0", 2, "NUL" }, { "[1\0]", 3, "NUL" }, { '"\0"', 2, "NUL" }, { "\0", 1, "NUL" },
  { "tr\0e", 1, "a value" }, { '"12345678\0"', 10, "NUL" }, { '{"a\\u0000":1}', 2, "NUL" },
  { "[1]\0", 4, "NUL" }, { "\f1", 1, "a value" }, { "\xC2\xA01", 1, "a value" },
}

t.test("what was read is written as it was", function()
  for _, text in ipairs(SAME) do t.equal(json.encode(json.decode(text)), text) end
end)

t.test("other spellings are read", function()
  for _, row in ipairs(ACCEPTED) do
    t.equal(json.encode(json.decode(row[1])), row[2], row[1])
  end
end)

t.test("what is not JSON is refused at the byte where it goes wrong", function()
  for _, row in ipairs(REFUSED) do
    local position, message = at(row[1])
    t.equal(position, row[2], string.format("%q: %s", row[1], message))
    t.match(message, "invalid JSON at byte %d+ %(line %d+, column %d+%): .*" .. row[3])
  end
end)

t.test("an error names the line, the column in characters and what stands there", function()
  local position, message = at('{\n  "n\xC3\xA9e": 1,\n  "b\xC3\xA9": tru\n}')
  t.equal(position, 25)
  t.match(message, "line 3, column 9")
  t.match(message, "near '.*\"b%.%.\": tru%.}'")
end)

t.test("a byte order mark is skipped on demand, and counted", function()
  t.equal(json.decode("\xEF\xBB\xBF[1]", { bom = true }), { 1 })
  t.equal(json.decode("[1]", { bom = true }), { 1 })
  t.equal(at("\xEF\xBB\xBF[x]", { bom = true }), 5)
  t.equal(at("\xEF\xBB\xBF\xEF\xBB\xBF1", { bom = true }), 4)
  t.equal(at("\xEF\xBB\xBF", { bom = true }), 4)
end)

t.test("text that holds a secret is not quoted", function()
  local held = require("c.secret").new("open-sesame", "a test's")
  local _, message = at '{"key": "open-sesame" "x"}'
  t.equal(message:match "near", nil)
  t.equal(message:match "sesame", nil)
  t.truthy(held)
end)

t.test("numbers keep their type", function()
  t.equal(json.decode "[143415,143415.0,1e2]", { 143415, 143415.0, 100.0 })
  t.equal(json.encode { 143415, 143415.0, 2.0 ^ 53, math.maxinteger, math.mininteger },
    "[143415,143415.0,9007199254740992.0,9223372036854775807,-9223372036854775808]")
end)

local function digits(text)
  local mantissa = text:gsub("e.*", ""):gsub("[-.]", ""):gsub("^0+", ""):gsub("0+$", "")
  return math.max(1, #mantissa)
end

t.test("floats take the fewest digits that read back the same", function()
  math.randomseed(7)
  for _ = 1, 3000 do
    local number = string.unpack("d", string.pack("i8",
      math.random(math.mininteger, math.maxinteger)))
    if number == number and number - number == 0 then
      local text = json.encode(number)
      t.equal(tonumber(text), number)
      t.equal(json.decode(text), number)
      t.truthy(digits(text) == 1
        or tonumber(string.format("%." .. digits(text) - 1 .. "g", number)) ~= number, text)
    end
  end
end)

t.test("null is one value, also cjson's", function()
  t.truthy(json.null == cjson.null)
  t.equal(tostring(json.null), "null")
  t.equal(json.decode "null", json.null)
  t.equal(json.decode("[null]")[1], cjson.null)
  t.equal(cjson.encode { json.null }, "[null]")
  t.equal(json.encode { a = json.null }, '{"a":null}')
end)

t.test("a list that was emptied stays a list", function()
  local value = json.decode '{"ids":[1],"tags":{"a":1}}'
  value.ids[1], value.tags.a = nil, nil
  t.equal(json.encode(value), '{"ids":[],"tags":{}}')
end)

t.test("marks say list or object", function()
  t.equal(json.encode { json.array(), json.array {}, json.object(), json.object {}, {} },
    "[[],[],{},{},{}]")
  local list = {}
  t.truthy(json.array(list) == list and json.object(list) == list)
  t.equal(json.encode(list), "{}")
  for _, row in ipairs { { {}, false, true }, { json.array(), true, false },
    { { 1 }, true, false }, { { a = 1 }, false, true }, { { 1, a = 1 }, false, false },
    { "x", false, false }, { json.null, false, false }, { json.decode "[]", true, false },
    { { [1.5] = 1 }, false, false } } do
    t.equal({ json.is_array(row[1]), json.is_object(row[1]) }, { row[2], row[3] })
  end
  t.raises(function() json.array(setmetatable({}, {})) end, "metatable of its own")
  t.raises(function() json.array(1) end, "table expected")
  t.raises(function() json.decode("1", 5) end, "usage")
end)

t.test("a list prints as JSON", function()
  t.equal(tostring(json.decode '[1,{"a":null}]'), '[1,{"a":null}]')
  t.match(tostring(json.array { print }), "^table: ")
end)

-- Values that are no JSON, and the message.
local loop, deep = {}, {}
loop.a = { b = loop }
do
  local inner = deep
  for _ = 1, 3000 do
    inner[1] = {}
    inner = inner[1]
  end
end
local WRONG = {
  { 0 / 0, "^NaN cannot be JSON" }, { { tickets = { {}, {},
  { price = 0 / 0 } } }, "^tickets%[3%]%.price: NaN cannot be JSON" },
  { { x = -math.huge }, "^x: infinity" },
  { { a = { b = print } }, "^a%.b: a function" },
  { { coroutine.create(print) }, "^%[1%]: a coroutine" },
  { { io.stdout }, "^%[1%]: a userdata" },
  { { 1, nil, 3 }, "^a list has gaps" }, { { x = { [7] = 1 } }, "^x: a list has gaps" }, { { 1,
  x = 2 }, "at once" }, { { [1.5] = 1 }, "neither text nor a place" },
  { { [0] = 1 }, "neither text nor a place" },
  { { [true] = 1 }, "neither text nor a place" }, { { [-1] = 1 }, "neither text nor a place" },
  { json.array { x = 1 }, "at once" }, { json.object { 1 }, "integer keys" },
  { loop, "^a%.b: a table holds itself" },
  { deep, "^%.%.%..*%[1%]: nested deeper than 2048" },
  { { ["a b"] = { ["\xFF"] = 1 } }, '^%["a b"%]%["%?"%]: the key is not UTF%-8' },
  { { ["a\0"] = 1 }, "NUL" },
  { { s = "ab\xFF" }, "^s: the string is not UTF%-8 %(byte 3%)" },
  { { s = "\xED\xA0\x80" }, "byte 1" },
  { { [("k"):rep(90)] = print }, '^%["k+%.%.%."%]: a function' }, { nil, "nil cannot be JSON" },
}

t.test("what cannot be JSON is named with its path", function()
  for _, row in pairs(WRONG) do
    local e = t.raises(function() json.encode(row[1]) end, "usage")
    t.match(e.message, row[2])
  end
end)

t.test("one table may stand in two places", function()
  local shared = { 1 }
  t.equal(json.encode { shared, shared }, "[[1],[1]]")
end)

t.test("both directions end at the same depth", function()
  local function nested(n, inner) return ("["):rep(n) .. inner .. ("]"):rep(n) end
  local objects = ('{"a":'):rep(2047) .. "[]" .. ("}"):rep(2047)
  for _, text in ipairs { nested(2048, ""), nested(2047, "1"), objects } do
    t.equal(json.encode(json.decode(text)), text)
  end
  t.equal(select(2, pcall(json.decode,
    nested(2048, "1"))).message:match "nested deeper than %d+", "nested deeper than 2048")
  t.equal(at(nested(100000, "")), 2049)
  local value = json.decode(nested(2048, ""))
  t.raises(function() json.encode { value } end, "nested deeper")
  local inner = value
  for _ = 1, 2047 do inner = inner[1] end
  inner[1] = 1
  t.raises(function() json.encode(value) end, "nested deeper")
end)

t.test("mistakes in the call are usage errors", function()
  t.raises(function() json.decode(nil) end, "usage")
  t.raises(function() json.decode({}) end, "usage")
  t.raises(function() json.decode("1", { bomb = true }) end, "unknown option bomb")
  t.raises(function() c.encode() end, "value expected")
end)

-- A document of every kind of value, the numbers such that cjson's 14 digits hold them.
local function random_value(depth)
  local kind = math.random(depth > 4 and 5 or 8)
  if kind == 1 then return math.random(-10 ^ 9, 10 ^ 9) end
  if kind == 2 then return math.random(-1000, 1000) + 0.5 end
  if kind == 3 then return math.random(2) == 1 end
  if kind == 4 then return json.null end
  if kind == 5 then
    return utf8.char(math.random(1, 0xD7FF), math.random(0xE000, 0x10FFFF), math.random(1, 40))
  end
  local out = {}
  for i = 1, math.random(1, 6) do
    local key = kind == 6 and i or "k" .. math.random(100)
    out[key] = random_value(depth + 1)
  end
  return out
end

t.test("agrees with cjson on random documents", function()
  math.randomseed(20240229)
  for _ = 1, 300 do
    local value = random_value(1)
    local text = json.encode(value)
    t.equal(json.decode(text), value)
    t.equal(json.decode(cjson.encode(value)), json.decode(cjson.encode(cjson.decode(text))))
  end
end)

t.test("damaged documents never break it, and what it takes cjson takes", function()
  math.randomseed(99)
  local pieces = { "[", "]", "{", "}", ",", ":", '"', "\\", "0", "-", "e9", ".", "null", "\xFF",
    "\0", " ", "\\u", "d800" }
  for _ = 1, 3000 do
    local text = json.encode(random_value(2))
    local where = math.random(0, #text)
    text = text:sub(1, where) .. pieces[math.random(#pieces)]
      .. text:sub(where + math.random(0, 2))
    local value, _, position = c.decode(text)
    if position then
      t.truthy(position >= 1 and position <= #text + 1)
    else
      t.truthy(pcall(cjson.decode, text), text)
      t.equal(c.decode(c.encode(value)), value)
    end
  end
end)

-- Of equal length, with equal bytes in front, in the middle and at the end.
local function alike(number)
  return ("a%03db%03dc"):format(number, 1000 - number)
end

t.test("names of fields that look alike stay apart", function()
  local parts, value = {}, { [""] = 0, [("x"):rep(40)] = 40, [("x"):rep(41)] = 41, ["\xC3\xA9\""] = true }
  for i = 1, 999 do
    value[alike(i)] = i
    parts[i] = ('{"%s":%d,"%s":%d}'):format(alike(i), i, alike(1000 - i), i)
  end
  local text = json.encode(value)
  for _ = 1, 3 do
    t.equal(json.decode(text), value)
    local list = json.decode("[" .. table.concat(parts, ",") .. "]")
    for i = 1, 499 do t.equal(list[i], { [alike(i)] = i, [alike(1000 - i)] = i }) end
    collectgarbage()
  end
end)

t.test("names are written in the order of their bytes, however many", function()
  for count = 1, 120 do
    local value, names = {}, {}
    while #names < count do
      local name = ("n"):rep(math.random(3)) .. math.random(10 ^ 4)
      if not value[name] then names[#names + 1] = name end
      value[name] = 0
    end
    table.sort(names)
    t.equal(json.encode(value), '{"' .. table.concat(names, '":0,"') .. '":0}')
  end
end)

-- The text of a table of weak values when `more` bytes were taken after they were made.
local function text_of_weak(count, more)
  local value = setmetatable({}, { __mode = "v" })
  for i = 1, count do value["name" .. i] = true end
  collectgarbage()
  for i = 1, count do value["name" .. i] = {} end
  local _ = ("x"):rep(more)
  return json.encode(value)
end

t.test("a table may lose values while it is written", function()
  local pause, step = collectgarbage("setpause", 112), collectgarbage("setstepmul", 1000)
  for _, count in ipairs { 20, 150 } do
    local more, text = 0
    repeat -- the cycle begins after the text, while it is made, and before it
      text = text_of_weak(count, more)
      more = more + 4 * count
      for name in pairs(json.decode(text)) do t.truthy(name:match "^name%d+$") end
    until text == "{}" or more > 10 ^ 6
  end
  collectgarbage("setpause", pause)
  collectgarbage("setstepmul", step)
end)

-- The most that is in use, in KB, while a text is decoded again and again, above what was.
local function peak(text, times)
  collectgarbage()
  local before, most = collectgarbage("count"), 0
  for _ = 1, times do
    json.decode(text)
    most = math.max(most, collectgarbage("count") - before)
  end
  return most
end

t.test("what was decoded does not pile up beside long texts", function()
  local held, row = ("x"):rep(8 << 20), '{"id":%d,"name":"n%d","tags":["a","b"]}'
  local rows = {}
  for i = 1, 1000 do rows[i] = row:format(i, i) end
  local text = "[" .. table.concat(rows, ",") .. "]"
  t.truthy(peak(text, 40) < #held / 2 / 1024)
end)

t.test("a collector that is stopped stays so", function()
  local text, ended = "[" .. ("{},"):rep(10000) .. "0]", false
  setmetatable({}, { __gc = function() ended = true end })
  collectgarbage("stop")
  for _ = 1, 4 do json.decode(text) end
  collectgarbage("restart")
  t.equal(ended, false)
end)

t.test("cjson stays what it was", function()
  t.equal(cjson.decode '{"a":[true,"x"]}', { a = { true, "x" } })
  t.equal(cjson.encode { "x" }, '["x"]')
end)
