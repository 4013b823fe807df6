#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/spin.h"

/* How many of `waits` began with looks, which are hits or not. */
static int count(struct spin *spin, int waits, bool is_hit)
{
    int begun = 0;

    for (int i = 0; i < waits; i++)
        if (spin_begins(spin)) {
            begun++;
            spin_ended(spin, is_hit);
        }
    return begun;
}

static void test_while_answers_come_soon_each_wait_looks(void **state)
{
    struct spin spin = {0};

    (void)state;
    assert_int_equal(count(&spin, 1000, true), 1000);
}

static void test_slow_answers_are_hardly_looked_for(void **state)
{
    struct spin spin = {0};

    (void)state;
    assert_in_range(count(&spin, 2048, false), 5, 12);
    assert_in_range(count(&spin, 102500, false), 90, 110);
}

static void test_one_soon_answer_is_enough_to_look_again(void **state)
{
    struct spin spin = {0};

    (void)state;
    count(&spin, 5000, false);
    while (!spin_begins(&spin))
        ;
    spin_ended(&spin, true);
    assert_int_equal(count(&spin, 100, true), 100);
    assert_int_equal(count(&spin, 3, false), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_while_answers_come_soon_each_wait_looks),
        cmocka_unit_test(test_slow_answers_are_hardly_looked_for),
        cmocka_unit_test(test_one_soon_answer_is_enough_to_look_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
