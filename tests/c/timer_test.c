#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "core/timer.h"

enum { TIMERS = 200, STEPS = 20000, INSTANTS = 50 };

/* The model: for each timer when it is due, or -1. */
static int64_t model[TIMERS];

static int64_t first_due(void)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < TIMERS; i++)
        if (model[i] >= 0 && model[i] < first)
            first = model[i];
    return first;
}

static void take_due(struct timer_heap *heap, struct timer *timers, int64_t now)
{
    struct timer *timer;
    int64_t before = -1;

    while ((timer = timer_heap_due(heap, now))) {
        int64_t due = model[timer - timers];

        assert_true(due >= before && due <= now && due == timer->due_ms);
        assert_true(due == first_due());
        assert_false(timer->started);
        model[timer - timers] = -1;
        before = due;
    }
    assert_true(first_due() > now);
}

static void step(struct timer_heap *heap, struct timer *timers, int64_t *now)
{
    int i = rand() % TIMERS;

    switch (rand() % 8) {
    case 0:
        *now += rand() % 4;
        take_due(heap, timers, *now);
        break;
    case 1:
    case 2:
        timer_heap_remove(heap, &timers[i]);
        model[i] = -1;
        break;
    default:
        model[i] = *now + rand() % INSTANTS;
        timer_heap_add(heap, &timers[i], model[i]);
    }
}

static void follows_a_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 5; seed++) {
        struct timer_heap heap = {0};
        struct timer timers[TIMERS];
        int64_t now = 0;

        srand(seed);
        for (int i = 0; i < TIMERS; i++) {
            timer_init(&timers[i], NULL, NULL);
            model[i] = -1;
        }
        for (int n = 0; n < STEPS; n++) {
            step(&heap, timers, &now);
            assert_true(timer_heap_next(&heap) == first_due());
        }
        take_due(&heap, timers, INT64_MAX - 1);
        assert_null(heap.first);
    }
}

static void sorts_any_order(void **state)
{
    enum { MANY = 100000 };
    struct timer *timers = calloc(MANY, sizeof *timers), *timer;
    struct timer_heap heap = {0};
    int64_t before = -1;
    int count = 0;

    (void)state;
    for (int i = 0; i < MANY; i++)
        timer_heap_add(&heap, &timers[i], (i * 7919LL) % MANY);
    for (; (timer = timer_heap_due(&heap, INT64_MAX - 1)); count++) {
        assert_true(timer->due_ms > before);
        before = timer->due_ms;
    }
    assert_int_equal(count, MANY);
    free(timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_model),
        cmocka_unit_test(sorts_any_order),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
