#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jsonnumber.h"
#include "core/jsontape.h"

static struct jsontape_room room;
static struct jsontape_fault fault;

static void read_text(struct jsontape *tape, struct jsontape_room *where, const char *text)
{
    jsontape_init(tape, where);
    if (jsontape_read(tape, text, strlen(text), &fault))
        fail_msg("%s at %zu: %s", fault.what, fault.offset, text);
}

static void check_string(struct jsontape *tape, const char *path, const char *want)
{
    struct jsontape_item item;

    assert_true(jsontape_find(tape, path, &item));
    assert_int_equal(item.type, JSONTAPE_STRING);
    assert_int_equal(item.len, strlen(want));
    assert_memory_equal(item.string, want, item.len);
}

static const char nested[] =
    "{\"a\":{\"b\":[1,[2,{\"c\":3}],\"x\\u00e9\\\"\"],\"\":\"none\"},\"d\":\"first\","
    "\"a\\u0062\":-9223372036854775808,\"d\":\"last\"}";

static void check_paths(struct jsontape *tape)
{
    static const char *const missing[] = {
        "x", "a.x", "a.b.0", "a.b.4", "a.b.x", "d.x", "a.b.1.x"};
    struct jsontape_item item;

    assert_true(jsontape_find(tape, "a.b", &item));
    assert_int_equal(item.type, JSONTAPE_LIST);
    assert_int_equal(item.len, 3);
    assert_true(jsontape_find(tape, "a.b.2.2.c", &item));
    assert_true(item.type == JSONTAPE_INTEGER && item.integer == 3);
    assert_true(jsontape_find(tape, "ab", &item));
    assert_true(item.integer == INT64_MIN);
    check_string(tape, "a.b.3", "x\xC3\xA9\"");
    check_string(tape, "d", "last");
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_false(jsontape_find(tape, missing[i], &item));
}

static void test_values_are_found_by_their_path(void **state)
{
    struct jsontape tape;

    (void)state;
    read_text(&tape, NULL, nested);
    check_paths(&tape);
    jsontape_fini(&tape);
    read_text(&tape, &room, nested);
    check_paths(&tape);
    assert_ptr_equal(tape.words, room.words);
    jsontape_fini(&tape);
}

/* The texts of JSONTAPE_ROOM bytes, and one more, that make most words. */
static void test_a_short_text_fits_the_room(void **state)
{
    static const char *const units[] = {"1,", "[],", "\"\\n\",", "{},"};
    char text[JSONTAPE_ROOM + 2];
    struct jsontape tape;

    (void)state;
    for (size_t unit = 0; unit < 4; unit++)
        for (size_t len = JSONTAPE_ROOM - 4; len <= JSONTAPE_ROOM + 1; len++) {
            memset(text, ' ', len);
            text[0] = '[';
            for (size_t at = 1; at + strlen(units[unit]) + 2 <= len; at += strlen(units[unit]))
                memcpy(text + at, units[unit], strlen(units[unit]));
            memcpy(text + len - 2, "1]", 3);
            read_text(&tape, &room, text);
            assert_true((tape.words == room.words) == (len <= JSONTAPE_ROOM));
            jsontape_fini(&tape);
        }
}

/* A double as its bits, so that zeros differ by their sign. */
static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check_number(const char *text)
{
    struct jsonnumber number = {0};
    const char *wrong = NULL;
    const char *end = jsonnumber_read(&number, text, &wrong);

    if (wrong != NULL || *end != '\0' || number.whole ||
        bits_of(number.real) != bits_of(strtod(text, NULL)))
        fail_msg("%s: %s", text, wrong != NULL ? wrong : "another number");
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* strtod of the C library is right to the last bit. */
static void test_reals_are_the_nearest_double(void **state)
{
    static const char *const odd[] = {"9007199254740993.0", "9007199254740992e0", "1e22",
        "1e23", "123456789012345678e-22", "0.000000000000000000000001",
        "1.7976931348623157e308", "2.2250738585072011e-308", "5e-324",
        "2.4703282292062327e-324", "0e999999999999999999", "1e-999999999999999999", "-0.0",
        "-0e5", "179769313486231580793e288",
        "0.1000000000000000055511151231257827021181583404541015625",
        "10000000000000000000000000000000000000000.0",
        "0.00000000000000000000000000000000000001e38"};
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        check_number(odd[i]);
    for (int i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "%" PRId64 ".%" PRIu64 "e%d",
            (int64_t)random_bits() >> (random_bits() % 64),
            random_bits() >> (random_bits() % 64), (int)(random_bits() % 60) - 30);
        check_number(text);
    }
}

static void test_places_are_told(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
    } rows[] = {{"", 0}, {"  ", 0}, {"[1,\n 2 3]", 7}, {"\"abc", 4}, {"\"12345678\x01\"", 9},
        {"\"1234567\x80\"", 8}, {"{\"a\\u0000\":1}", 1}, {"[\"\\ud800\"]", 2}, {"[1]x", 3}};
    struct jsontape tape;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jsontape_init(&tape, NULL);
        assert_int_equal(jsontape_read(&tape, rows[i].text, strlen(rows[i].text), &fault), -1);
        assert_int_equal(fault.offset, rows[i].offset);
        jsontape_fini(&tape);
    }
}

/* Wherever it stands among others, whatever follows. */
static void test_no_byte_of_a_string_is_overlooked(void **state)
{
    static const char odd[] = "\x01\x1F\x80\xFF\n\"\\\xC3";
    char text[64];
    struct jsontape tape;

    (void)state;
    for (size_t len = 2; len < 40; len++)
        for (size_t at = 0; at < (len - 1) * 8; at++) {
            memset(text, '~' - (int)(at % 3), sizeof text);
            text[0] = '"';
            text[1 + at / 8] = odd[at % 8];
            memcpy(text + 1 + len, "\"\0", 2);
            jsontape_init(&tape, NULL);
            assert_int_equal(jsontape_read(&tape, text, len + 2, &fault), -1);
            /* Of an escape and of what follows a quote it is the next byte. */
            assert_int_equal(
                fault.offset, 1 + at / 8 + (odd[at % 8] == '"' || odd[at % 8] == '\\'));
            jsontape_fini(&tape);
        }
}

static void check_integer(const char *text, int64_t value)
{
    struct jsonnumber number = {0};
    const char *wrong = NULL;

    assert_string_equal(jsonnumber_read(&number, text, &wrong), "");
    assert_null(wrong);
    assert_true(number.whole && number.integer == value);
}

static void test_integers_of_any_length_are_exact(void **state)
{
    char text[40];

    (void)state;
    check_integer("-9223372036854775808", INT64_MIN);
    for (int64_t value = INT64_MAX; value != 0; value /= 10) {
        snprintf(text, sizeof text, "%" PRId64, value);
        check_integer(text, value);
        snprintf(text, sizeof text, "%" PRId64, -value);
        check_integer(text, -value);
    }
    check_integer("0", 0);
    check_integer("-0", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_found_by_their_path),
        cmocka_unit_test(test_a_short_text_fits_the_room),
        cmocka_unit_test(test_reals_are_the_nearest_double),
        cmocka_unit_test(test_integers_of_any_length_are_exact),
        cmocka_unit_test(test_places_are_told),
        cmocka_unit_test(test_no_byte_of_a_string_is_overlooked),
    };

    return cmocka_run_group_tests_name("jsontape", tests, NULL, NULL);
}
