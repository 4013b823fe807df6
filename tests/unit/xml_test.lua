local t = require "tests.t"
local json = require "json"
local xml = require "siterun.xml"

local DECODED = {
  { "<a>text</a>", '"text"' }, { "<a/>", '""' }, { "<a></a>", '""' }, { "<a> b </a>", '" b "' },
  { "<a>1</a>", '"1"' },
  { "<?xml version='1.0'?>\n<!-- c --><a>x<!-- c -->y<?pi z?></a>\n", '"xy"' },
  { "<a><![CDATA[<b>&amp;]]></a>", '"<b>&amp;"' },
  { "<a>&lt;&amp;&gt;&quot;&apos;&#233;&#x20AC;</a>", '"<&>\\"\'\xC3\xA9\xE2\x82\xAC"' },
  { "<a><b>1</b><c>2</c></a>", '{"b":"1","c":"2"}' },
  { "<a>\n  <b>1</b>\n  <b>2</b>\n  <c/>\n</a>", '{"b":["1","2"],"c":""}' },
  { "<errors><error>a</error><error>b</error></errors>", '["a","b"]' },
  { "<errors><error>a</error></errors>", '["a"]' },
  { "<clientcompanies><clientcompany><id>1</id></clientcompany></clientcompanies>",
  '[{"id":"1"}]' }, { "<boxes><box/></boxes>", '[""]' },
  { '<rows type="array"/>', "[]" }, { '<rows type="array"><x>1</x></rows>', '["1"]' },
  { "<rows><x>1</x></rows>", '{"x":"1"}' },
  { '<a type="integer">143415</a>', "143415" },
  { '<a type="integer">9223372036854775807</a>', "9223372036854775807" },
  { '<a type="integer">9223372036854775808</a>', '"9223372036854775808"' },
  { '<a type="integer">x</a>', '"x"' }, { '<a type="integer"/>', '""' },
  { '<a type="float">1.5</a>', "1.5" }, { '<a type="float">2</a>', "2.0" },
  { '<a type="float">nan</a>', '"nan"' }, { '<a type="decimal">1.10</a>', '"1.10"' },
  { '<a type="boolean">true</a>', "true" }, { '<a type="boolean">0</a>', "false" },
  { '<a type="boolean">maybe</a>', '"maybe"' }, { '<a nil="true"/>', "null" },
  { '<a type="datetime">2024-01-01T00:00:00Z</a>', '"2024-01-01T00:00:00Z"' },
  { '<a type="visitor">x</a>', '{"_attr":{"type":"visitor"},"_text":"x"}' },
  { '<a id="7"><b>1</b></a>', '{"_attr":{"id":"7"},"b":"1"}' },
  { '<errors n="1"><error>a</error></errors>', '{"_attr":{"n":"1"},"error":"a"}' },
  { '<a id="7" type="integer">5</a>', '{"_attr":{"id":"7"},"_text":5}' },
  { "<a>one<b>1</b>two</a>", '{"_text":"onetwo","b":"1"}' },
  { '<?xml version="1.0" encoding="ISO-8859-1"?><a>\xE9</a>', '"\xC3\xA9"' },
  { "\xEF\xBB\xBF<a>x</a>", '"x"' },
}

t.test("elements become the values that are documented", function()
  for _, row in ipairs(DECODED) do
    t.equal(json.encode((xml.decode(row[1]))), row[2], row[1])
  end
end)

local BOMB = '<!DOCTYPE a [<!ENTITY l0 "lol">' .. (function()
  local out = {}
  for i = 1, 9 do out[i] = ('<!ENTITY l%d "%s">'):format(i, ("&l" .. i - 1 .. ";"):rep(10)) end
  return table.concat(out)
end)() .. "]><a>&l9;</a>"

local REFUSED = {
  { BOMB, 1, "document type" },
  { '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>', 1, "document type" },
  { '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
  2, "document type" },
  { '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>', 1, "document type" },
  { "", 1, "no element" }, { "<a>", 1, "no element" }, { "<a></b>", 1, "mismatched" },
  { "<a/><b/>", 1, "junk" }, { "<a>\n&foo;</a>", 2, "undefined entity" }, { "plain", 1 },
  { "<a>\n\n\xFF</a>", 3, "token" }, { "<a>\xED\xA0\x80</a>", 1 }, { "<a>\0</a>", 1 },
  { "<a>&#0;</a>", 1 }, { "<a b='1' b='2'/>", 1, "duplicate" }, { "<a b=1/>", 1 },
  { '<?xml version="1.0" encoding="x-none"?><a/>', 1, "encoding" },
  { "<html><br></html>", 1, "mismatched" }, { ("<a>"):rep(200000), 1, "deeper than 100" },
}

t.test("what is not well-formed, or could be an attack, is refused at its place", function()
  for _, row in ipairs(REFUSED) do
    local value, problem, line = xml.decode(row[1])
    t.equal({ value, line }, { nil, row[2] }, row[1]:sub(1, 60))
    t.match(problem, "^invalid XML at line %d+, column %d+: ")
    t.match(problem, row[3] or ".")
  end
  t.match(select(2, xml.decode((" "):rep(32 * 1024 * 1024 + 1))), "32 MiB")
end)

t.test("a hundred elements inside each other are read", function()
  t.equal(xml.decode(("<x>"):rep(100) .. "text" .. ("</x>"):rep(100)).x.x.x ~= nil, true)
end)

t.test("a value is written as a document", function()
  local value = { name = 'Nord & <S\xC3\xBCd> "x"\r\n', id = 7, open = true, ratio = 0.5,
    gone = json.null, tags = { "a", "b" }, sites = json.array(), companies = { { id = 1 } } }
  t.equal(xml.encode(value, "project"),
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    .. '<project><companies type="array"><company><id type="integer">1</id></company>'
    .. '</companies>'
    .. '<gone nil="true"></gone><id type="integer">7</id>'
    .. '<name>Nord &amp; &lt;S\xC3\xBCd&gt; "x"&#13;\n</name><open type="boolean">true</open>'
    .. '<ratio type="float">0.5</ratio><sites type="array"></sites>'
    .. '<tags type="array"><tag>a</tag><tag>b</tag></tags></project>')
  t.equal(xml.decode(xml.encode(value, "project")), value)
end)

t.test("attributes and text come back", function()
  local value = { _attr = { a = 'x"<&\n\t', b = "2" }, _text = "t",
    child = { _attr = { c = "3" }, _text = 5 } }
  t.equal(xml.decode(xml.encode(value, "x")), value)
end)

local loop = {}
loop.loop = loop
local WRONG = {
  { { a = "x\0y" }, "root%.a: the string holds a character that XML cannot %(byte 2%)" },
  { { a = "\x1B" }, "byte 1" }, { { a = "\xEF\xBF\xBF" }, "cannot" },
  { { a = { "ok", "x\xFF" } }, "root%.a%[2%]: the string is not UTF%-8 %(byte 2%)" },
  { { a = 0 / 0 }, "root%.a: .*nan cannot be XML" }, { { a = print }, "cannot be XML" },
  { { ["a b"] = 1 }, "root: a b cannot name" }, { { ["1"] = 1 }, "cannot name" },
  { { ["a><b"] = 1 }, "cannot name" }, { { a = { 1, b = 2 } }, "cannot name" },
  { { _attr = { ["x y"] = 1 } }, "cannot name" }, { { _attr = { x = "\1" } }, "cannot" },
  { loop, "nested deeper than 100" },
}

t.test("what XML cannot hold is named with its path", function()
  for _,
    row in ipairs(WRONG) do t.match(t.raises(function() xml.encode(row[1], "root") end,
      "usage").message, row[2]) end
  t.raises(function() xml.encode({}, "a b") end, "usage")
end)

local function random_value(depth)
  local kind = math.random(depth > 3 and 5 or 7)
  if kind == 1 then return math.random(math.mininteger, math.maxinteger) end
  if kind == 2 then return math.random() end
  if kind == 3 then return math.random(2) == 1 end
  if kind == 4 then return json.null end
  if kind == 5 then
    return utf8.char(math.random(32, 0xD7FF), 38, 60, 13, 10, math.random(0x10000, 0x10FFFF))
  end
  local out = kind == 6 and json.array() or { id = 1 }
  for i = 1, math.random(0, 4) do
    out[kind == 6 and i or "k" .. math.random(99)] = random_value(depth + 1)
  end
  return out
end

t.test("random values come back as they were", function()
  math.randomseed(5)
  for _ = 1, 300 do
    local value = { value = random_value(1) }
    t.equal(xml.decode(xml.encode(value, "root")), value)
  end
end)
