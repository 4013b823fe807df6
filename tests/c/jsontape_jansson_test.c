/* jsontape against jansson, which takes and refuses the same: made up documents, whole and
 * damaged. The argument is how many, for long runs. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jsontape.h"

enum { TEXT_MAX = 4000, NESTED_MAX = 6, DAMAGE_MAX = 3 };

static long documents = 20000;

struct text {
    char bytes[TEXT_MAX + 1];
    size_t len;
};

static uint64_t state = 88172645463325252u;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % limit);
}

static void add(struct text *text, const char *bytes, size_t len)
{
    if (text->len + len <= TEXT_MAX) {
        memcpy(text->bytes + text->len, bytes, len);
        text->len += len;
    }
    text->bytes[text->len] = '\0';
}

static void add_one_of(struct text *text, const char *const *list, unsigned count)
{
    const char *one = list[below(count)];

    add(text, one, strlen(one));
}

static void add_number(struct text *text)
{
    static const char *const odd[] = {"0", "-0", "-0.0", "1e5", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e308", "1e309",
        "1e-400", "0.1", "1E+2", "123456789012345678901234567890", "0.30000000000000004"};
    char number[60];

    if (below(3) == 0)
        return add_one_of(text, odd, sizeof odd / sizeof *odd);
    snprintf(number, sizeof number, below(2) ? "%d" : "%d.%u", (int)below(1u << 31) - (1 << 30),
        below(1000000));
    add(text, number, strlen(number));
}

static void add_string(struct text *text)
{
    static const char *const parts[] = {"a", "b", "id", "number", "a longer text of words",
        "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\u0000",
        "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\x7F"};

    add(text, "\"", 1);
    for (unsigned i = below(5); i > 0; i--)
        add_one_of(text, parts, sizeof parts / sizeof *parts);
    add(text, "\"", 1);
}

static void add_value(struct text *text, int depth);

static void add_entries(struct text *text, int depth, bool list)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t\r\n "};
    unsigned count = below(5);

    add(text, list ? "[" : "{", 1);
    for (unsigned i = 0; i < count; i++) {
        add(text, ",", i > 0);
        add_one_of(text, blanks, 6);
        if (!list) {
            add_string(text);
            add_one_of(text, blanks, 6);
            add(text, ":", 1);
        }
        add_one_of(text, blanks, 6);
        add_value(text, depth + 1);
    }
    add_one_of(text, blanks, 6);
    add(text, list ? "]" : "}", 1);
}

static void add_value(struct text *text, int depth)
{
    static const char *const literals[] = {"true", "false", "null"};
    unsigned kind = below(depth < NESTED_MAX ? 8 : 4);

    if (kind == 0)
        add_one_of(text, literals, 3);
    else if (kind == 1)
        add_number(text);
    else if (kind < 4)
        add_string(text);
    else
        add_entries(text, depth, kind < 6);
}

/* Puts a piece in the place of up to two bytes. */
static void damage(struct text *text)
{
    static const char *const pieces[] = {"[", "]", "{", "}", ",", ":", "\"", "\\", "0", "-",
        "e9", ".", "null", "\xFF", "\xED\xA0\x80", " ", "\\u", "\\ud800", "\x01", "tru", "+",
        "", ""};
    size_t from = below((unsigned)text->len + 1), to = from + below(3);
    char rest[TEXT_MAX + 1];
    size_t left = to < text->len ? text->len - to : 0;

    memcpy(rest, text->bytes + (left ? to : 0), left);
    text->len = from;
    add_one_of(text, pieces, sizeof pieces / sizeof *pieces);
    add(text, rest, left);
}

/* A tree of jansson's, to be compared by jansson. */
static const uint64_t *tree_of(struct jsontape *tape, const uint64_t *at, json_t **out)
{
    struct jsontape_item item;
    json_t *value;

    at = jsontape_next(tape, at, &item);
    switch (item.type) {
    case JSONTAPE_LIST:
        *out = json_array();
        for (size_t left = item.len; left > 0; left--) {
            at = tree_of(tape, at, &value);
            json_array_append_new(*out, value);
        }
        break;
    case JSONTAPE_OBJECT:
        *out = json_object();
        for (size_t left = item.len; left > 0; left--) {
            struct jsontape_item name;
            at = jsontape_next(tape, at, &name);
            char *key = strndup(name.string, name.len);
            at = tree_of(tape, at, &value);
            json_object_set_new(*out, key, value);
            free(key);
        }
        break;
    case JSONTAPE_INTEGER:
        *out = json_integer(item.integer);
        break;
    case JSONTAPE_REAL:
        *out = json_real(item.real);
        break;
    case JSONTAPE_STRING:
    case JSONTAPE_ESCAPED:
        *out = json_stringn(item.string, item.len);
        break;
    case JSONTAPE_TRUE:
    case JSONTAPE_FALSE:
        *out = json_boolean(item.type == JSONTAPE_TRUE);
        break;
    case JSONTAPE_NULL:
        *out = json_null();
        break;
    }
    return at;
}

static void compare(const struct text *text)
{
    static struct jsontape_room room;
    struct jsontape tape;
    struct jsontape_fault fault;
    json_error_t error;
    json_t *theirs =
        json_loadb(text->bytes, text->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    json_t *ours = NULL;

    jsontape_init(&tape, below(2) ? &room : NULL);
    if (jsontape_read(&tape, text->bytes, text->len, &fault) == 0) {
        assert_ptr_equal(tree_of(&tape, tape.words, &ours), tape.words + tape.count);
        if (theirs == NULL)
            fail_msg("only jsontape takes it (%s): %s", error.text, text->bytes);
        if (!json_equal(ours, theirs))
            fail_msg("another value: %s", text->bytes);
    } else if (theirs != NULL)
        fail_msg(
            "only jansson takes it (%s at %zu): %s", fault.what, fault.offset, text->bytes);
    json_decref(ours);
    json_decref(theirs);
    jsontape_fini(&tape);
}

static void test_both_agree(void **unused)
{
    static struct text text;

    (void)unused;
    for (long i = 0; i < documents; i++) {
        text.len = 0;
        add_value(&text, i % 4 == 0 ? NESTED_MAX : 0);
        compare(&text);
        for (unsigned n = below(DAMAGE_MAX + 1); n > 0; n--) {
            damage(&text);
            compare(&text);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_agree),
    };

    if (argc > 1)
        documents = strtol(argv[1], NULL, 10);
    return cmocka_run_group_tests_name("jsontape_jansson", tests, NULL, NULL);
}
