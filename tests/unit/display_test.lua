-- Text as a terminal may show it.
local display = require "c.display"
local t = require "tests.t"

t.test("what is shown of each character", function()
  for _, case in ipairs {
    { "", "" }, { "plain ~", "plain ~" }, { "é漢😀", "é漢😀" }, { "\0\1\27\127", "\\x00\\x01\\x1b\\x7f" },
    { "\t\n\r", "\\t\\n\\r" }, { "\u{85}\u{9b}", "\\u{85}\\u{9b}" }, { "\xff\xc3(", "\\xff\\xc3(" },
    { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, { "\u{200b}\u{202e}\u{2066}\u{feff}", "\\u{200b}\\u{202e}\\u{2066}\\u{feff}" },
    { "\u{2028}", "\\u{2028}" }, { "\u{e0041}", "\\u{e0041}" }, { "\u{ad}", "\\u{ad}" },
    { "e\u{301}", "e\u{301}" }, { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
  } do
    t.equal(display.clean(case[1]), case[2])
    t.equal(display.width(case[1]), display.width(case[2]), case[2])
  end
  t.equal(display.clean("a\tb\nc\27", true), "a\tb\nc\\x1b")
end)

t.test("every byte and every control character", function()
  for byte = 0, 255 do
    local shown = display.clean(string.char(byte))
    t.truthy(shown:find("^[ -~]+$"), shown)
  end
  for point = 0, 0x2FFF do
    if point < 0xD800 then
      local shown = display.clean(utf8.char(point))
      t.truthy(utf8.len(shown))
      t.equal(shown:find("[%c]"), nil)
    end
  end
end)

t.test("widths", function()
  for text, width in pairs { [""] = 0, abc = 3, ["漢字"] = 4, ["é"] = 1, ["e\u{301}"] = 1, ["😀"] = 2, ["\27"] = 4 } do
    t.equal(display.width(text), width, text)
  end
  t.equal(display.width("abcdef", 3), 4, "counting stops")
end)

t.test("a cell is as wide as it should be, and tells that it was cut", function()
  for text, cells in pairs {
    abcdef = { [3] = "ab…", [5] = "abcd…", [6] = "abcdef", [8] = "abcdef  ", [-8] = "  abcdef", [1] = "…" },
    ["漢字漢"] = { [6] = "漢字漢", [5] = "漢字…", [4] = "漢… ", [2] = "… ", [-7] = " 漢字漢" },
    ["e\u{301}e\u{301}e\u{301}"] = { [2] = "e\u{301}…", [3] = "e\u{301}e\u{301}e\u{301}" },
    ["\27[0m"] = { [4] = "…   ", [5] = "\\x1b…" },
  } do
    for columns, want in pairs(cells) do
      t.equal(display.fit(text, columns), want)
      t.equal(display.width(display.fit(text, columns)), math.abs(columns))
    end
  end
  t.raises(function() display.fit("x", 0) end, "a cell of 0 columns")
end)

t.test("rows", function()
  local texts = { { "1", "22" }, { "a", "" }, { "", "end" } }
  t.equal(display.rows(texts, { -3, 2, 3 }, 1, 2), { "  1  a", " 22      end" })
  t.equal(display.rows(texts, { 1, 1, 1 }, 3, 2), {})
  t.equal(display.rows({ { "a", "b" } }, { 2 }, 1, 2, { { [0] = "1", [2] = "" } }), { "\27[1ma\27[0m", "b" })
  t.raises(function() display.rows({ {} }, { 2 }, 1, 1) end, "string expected")
end)
