#include "core/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_distances(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abd", 1},
        {"abc", "acb", 1},
        {"abc", "xabc", 1},
        {"abc", "ab", 1},
        {"limit", "limti", 1},
        {"kitten", "sitting", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
}

static void test_long_names_are_far(void **state)
{
    char longest[NEAREST_NAME_MAX + 1] = {0}, longer[NEAREST_NAME_MAX + 2] = {0};
    (void)state;
    memset(longest, 'a', NEAREST_NAME_MAX);
    memset(longer, 'a', NEAREST_NAME_MAX + 1);
    assert_int_equal(nearest_distance(longest, "a"), NEAREST_NAME_MAX - 1);
    assert_int_equal(nearest_distance(longest, longest), 0);
    assert_int_equal(nearest_distance(longer, longer), NEAREST_NAME_MAX + 1);
}

static void test_names(void **state)
{
    static const char *const known[] = {"timeout", "priority", "user", "once", NULL};
    static const char *const none[] = {NULL};
    (void)state;
    assert_string_equal(nearest_name("timout", known), "timeout");
    assert_string_equal(nearest_name("prioritiy", known), "priority");
    assert_string_equal(nearest_name("uses", known), "user");
    assert_null(nearest_name("colour", known));
    assert_null(nearest_name("x", none));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_long_names_are_far),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
