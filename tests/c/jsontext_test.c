#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/jsontext.h"
#include "core/utf8.h"

static void check_real(double value, const char *want)
{
    struct buf out;
    struct err err;

    buf_init(&out, 100);
    assert_int_equal(jsontext_real(&out, value, &err), 0);
    assert_string_equal(buf_text(&out), want);
    buf_fini(&out);
}

static void test_reals_are_short(void **state)
{
    (void)state;
    check_real(0.1, "0.1");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(3, "3.0");
    check_real(-0.0, "-0.0");
    check_real(1e21, "1e+21");
    check_real(DBL_MAX, "1.7976931348623157e+308");
    check_real(4.94e-324, "5e-324");
    check_real(0, "0.0");
    check_real(1e-4, "0.0001");
    check_real(1e-5, "1e-05");
    check_real(999999999999999, "999999999999999.0");
    check_real(1e15, "1e+15");
    check_real(99999.123456789, "99999.123456789");
    check_real(1234567890.1234567, "1234567890.1234567");
}

/* Up to five digits, a point, up to nine more of which the last is no 0. */
static void test_decimals_come_out_as_they_were(void **state)
{
    char text[40];

    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        int whole = 1 + rand() % 99999, decimals = 1 + rand() % 8;

        snprintf(text, sizeof text, "%s%d.%0*d%d", rand() % 2 ? "-" : "", whole, decimals,
            rand() % (int)pow(10, decimals), 1 + rand() % 9);
        check_real(strtod(text, NULL), text);
    }
}

static void check_string(const char *text, size_t len, const char *want)
{
    struct buf out;
    struct err err;

    buf_init(&out, 100);
    assert_int_equal(jsontext_string(&out, text, len, &err), 0);
    assert_string_equal(buf_text(&out), want);
    buf_fini(&out);
}

static void test_strings_are_escaped(void **state)
{
    (void)state;
    check_string("", 0, "\"\"");
    check_string("a/b", 3, "\"a/b\"");
    check_string("\"\\\n\0\x1f", 5, "\"\\\"\\\\\\n\\u0000\\u001f\"");
    check_string("\xC3\xA9", 2, "\"\xC3\xA9\"");
}

/* One byte among others that stand for themselves, in texts of any length. */
static void test_no_byte_is_overlooked(void **state)
{
    static const char odd[] = "\x01\x1F\n\"\\";
    static const char *const escaped[] = {"\\u0001", "\\u001f", "\\n", "\\\"", "\\\\"};
    char text[64], want[64];

    (void)state;
    for (int len = 1; len < 40; len++)
        for (int at = 0; at < len * 5; at++) {
            const char *before = at % 2
                                     ? "\xC3\xA9~~~~~~~\xE2\x82\xAC~~~~~~~~~~~~~~~~~~~~~~~~~~~"
                                     : "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";

            snprintf(text, sizeof text, "%.*s%c%.*s", at / 5, before, odd[at % 5], len - at / 5,
                "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
            snprintf(want, sizeof want, "\"%.*s%s%.*s\"", at / 5, before, escaped[at % 5],
                len - at / 5, "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
            check_string(text, strlen(text), want);
        }
}

static void check_integer(int64_t value)
{
    struct buf out;
    struct err err;
    char want[24];

    snprintf(want, sizeof want, "%" PRId64, value);
    buf_init(&out, 100);
    assert_int_equal(jsontext_integer(&out, value, &err), 0);
    assert_string_equal(buf_text(&out), want);
    buf_fini(&out);
}

static void test_integers_of_any_length(void **state)
{
    (void)state;
    check_integer(INT64_MIN);
    for (int64_t value = INT64_MAX; value != 0; value /= 10) {
        check_integer(value);
        check_integer(-value);
    }
    check_integer(0);
}

static void test_a_full_buffer_is_an_error(void **state)
{
    struct buf out;
    struct err err;

    (void)state;
    for (size_t max = 0; max < 9; max++) {
        buf_init(&out, max);
        assert_int_equal(jsontext_string(&out, "abc\nd", 5, &err), max < 8 ? -1 : 0);
        buf_fini(&out);
    }
}

/* The code point of the character at `at`, or UINT32_MAX: by the definition, for comparison. */
static uint32_t code_point(const unsigned char *at, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    static const unsigned char mask[] = {0, 0, 0xE0, 0xF0, 0xF8};
    uint32_t value = at[0] & (unsigned char)~mask[size];

    if ((at[0] & mask[size]) != lead[size])
        return UINT32_MAX;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return UINT32_MAX;
        value = value << 6 | (at[i] & 0x3F);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return UINT32_MAX;
    return value;
}

static void test_characters_by_definition(void **state)
{
    static const unsigned char tails[] = {
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    const size_t n = sizeof tails;

    (void)state;
    for (size_t lead = 0x80; lead < 0x100; lead++)
        for (size_t i = 0; i < n * n * n; i++) {
            unsigned char text[] = {
                (unsigned char)lead, tails[i % n], tails[i / n % n], tails[i / n / n]};
            size_t want = 0;
            for (size_t size = 2; size <= 4; size++)
                if (code_point(text, size) != UINT32_MAX)
                    want = size;
            size_t valid = utf8_valid((const char *)text, want ? want : 4);
            assert_int_equal(valid, want);
            if (want)
                assert_int_equal(utf8_valid((const char *)text, want - 1), 0);
        }
}

static void test_characters_among_others(void **state)
{
    char text[] = "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
    const size_t len = strlen(text);

    (void)state;
    for (size_t at = 0; at + 2 <= len; at++) {
        memcpy(text + at, "\xC3\xA9", 2);
        assert_int_equal(utf8_valid(text, len), len);
        assert_int_equal(utf8_valid(text, at + 1), at);
        text[at + 1] = '~';
        assert_int_equal(utf8_valid(text, len), at);
        text[at] = '~';
    }
}

static void test_places(void **state)
{
    struct jsontext_place place;

    (void)state;
    jsontext_locate(&place, "ab\n\xC3\xA9x\x01y", 8, 5);
    assert_int_equal(place.byte, 6);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 2);
    assert_string_equal(place.near, "ab...x.y");
    jsontext_locate(&place, "", 0, 0);
    assert_int_equal(place.column, 1);
    assert_string_equal(place.near, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reals_are_short),
        cmocka_unit_test(test_decimals_come_out_as_they_were),
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_no_byte_is_overlooked),
        cmocka_unit_test(test_integers_of_any_length),
        cmocka_unit_test(test_a_full_buffer_is_an_error),
        cmocka_unit_test(test_characters_by_definition),
        cmocka_unit_test(test_characters_among_others),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
