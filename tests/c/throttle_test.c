#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "core/loop.h"
#include "core/throttle.h"
#include "core/timer.h"

static struct loop *loop;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    return loop_new(&loop, &err);
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static struct throttle *open_named(const char *name, int count, int64_t window_ms)
{
    struct throttle *throttle = NULL;

    assert_int_equal(
        throttle_open(&throttle, loop, name, (struct throttle_limit){count, window_ms}, &err),
        0);
    return throttle;
}

/* ---- a server that counts arrivals by its own log ---- */

enum { REQUESTS_MAX = 400, LIMITS_MAX = 3 };

struct server {
    struct throttle *throttle;
    int64_t arrivals_us[REQUESTS_MAX];
    int arrived, ended;
};

struct request {
    struct server *server;
    struct throttle_waiter waiter;
    struct timer timer;
    enum err_sent sent;
    bool is_there;
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Mostly none: that is when a slot freed too early shows. */
static int64_t latency_ms(void)
{
    return rand() % 4 ? 0 : rand() % 6;
}

/* It arrives some time after it was sent, and is answered some time after that. */
static void next_stage(void *context)
{
    struct request *request = context;
    struct server *server = request->server;

    if (!request->is_there && request->sent != SENT_NO) {
        server->arrivals_us[server->arrived++] = now_us();
        request->is_there = true;
        loop_timer_start(loop, &request->timer, latency_ms());
        return;
    }
    server->ended++;
    throttle_release(server->throttle, request->sent);
}

static void granted(void *context)
{
    struct request *request = context;

    loop_timer_start(loop, &request->timer, latency_ms());
}

static void ask(struct server *server, struct request *request)
{
    *request = (struct request){.server = server,
        .sent = rand() % 10 ? SENT_YES : SENT_NO,
        .waiter = {.priority = (enum throttle_priority)(rand() % PRIORITIES),
            .granted = granted,
            .context = request}};
    timer_init(&request->timer, next_stage, request);
    if (throttle_take(server->throttle, &request->waiter))
        granted(request);
}

static void turn(void)
{
    assert_int_equal(loop_turn(loop, -1, &err), 0);
}

static void assert_within(const struct server *server, struct throttle_limit limit)
{
    for (int i = limit.count; limit.count && i < server->arrived; i++) {
        int64_t span_us = server->arrivals_us[i] - server->arrivals_us[i - limit.count];

        if (span_us <= limit.window_ms * 1000)
            fail_msg("%d arrivals within %lld us", limit.count + 1, (long long)span_us);
    }
}

static void play(unsigned seed, int count, const struct throttle_limit *limits, int limit_count)
{
    struct server server = {0};
    struct request *requests = calloc((size_t)count, sizeof *requests);

    srand(seed);
    for (int i = 0; i < limit_count; i++)
        server.throttle = open_named("play", limits[i].count, limits[i].window_ms);
    for (int i = 0; i < count; i++) {
        ask(&server, &requests[i]);
        if (rand() % 20 == 0)
            assert_int_equal(loop_turn(loop, rand() % 3, &err), 0);
        if (rand() % 60 == 0)
            throttle_pause(server.throttle, 5);
    }
    while (server.ended < count)
        turn();
    for (int i = 0; i < limit_count; i++) {
        assert_within(&server, limits[i]);
        throttle_close(server.throttle);
    }
    free(requests);
}

static void no_window_holds_more_than_the_limit(void **state)
{
    (void)state;
    play(1, 20, &(struct throttle_limit){1, 15}, 1);
    play(2, 60, &(struct throttle_limit){5, 30}, 1);
    play(3, 200, &(struct throttle_limit){40, 60}, 1);
    play(4, 40, &(struct throttle_limit){40, 60000}, 1);
    play(5, 300, &(struct throttle_limit){0, 0}, 1);
}

static void all_limits_of_one_account_hold(void **state)
{
    static const struct throttle_limit limits[] = {{20, 100}, {3, 10}, {30, 120}};

    (void)state;
    play(6, 60, limits, 3);
}

/* ---- single properties ---- */

static int order[8], order_count;

static void note(void *context)
{
    order[order_count++] = *(int *)context;
}

static void higher_priorities_go_first_and_then_who_came_first(void **state)
{
    static const enum throttle_priority priorities[] = {
        PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_LOW, PRIORITY_HIGH};
    static const int want[] = {2, 4, 1, 0};
    struct throttle *throttle = open_named("order", 1, 1);
    struct throttle_waiter first = {0}, waiters[5];
    int names[5];

    (void)state;
    order_count = 0;
    assert_true(throttle_take(throttle, &first));
    for (int i = 0; i < 5; i++) {
        names[i] = i;
        waiters[i] = (struct throttle_waiter){
            .priority = priorities[i], .granted = note, .context = &names[i]};
        assert_false(throttle_take(throttle, &waiters[i]));
    }
    throttle_leave(throttle, &waiters[3]);
    throttle_leave(throttle, &waiters[3]);
    for (int i = 0; i < 4; i++) {
        throttle_release(throttle, SENT_NO);
        while (order_count <= i)
            turn();
        assert_int_equal(order[i], want[i]);
    }
    throttle_release(throttle, SENT_NO);
    throttle_close(throttle);
}

static void take(struct throttle *throttle)
{
    struct throttle_waiter waiter = {0};

    assert_true(throttle_take(throttle, &waiter));
}

static int used(struct throttle *throttle)
{
    struct throttle_stats stats;

    throttle_stats(throttle, &stats);
    return stats.used;
}

static void a_slot_is_held_for_a_window_and_without_an_answer_for_longer(void **state)
{
    struct throttle *throttle = open_named("held", 1, 60000);
    int64_t wait_ms;

    (void)state;
    assert_int_equal(throttle_wait_ms(throttle, PRIORITY_NORMAL), 0);
    take(throttle);
    assert_true(throttle_wait_ms(throttle, PRIORITY_NORMAL) >= 60000);
    throttle_release(throttle, SENT_NO);
    assert_int_equal(used(throttle), 0);
    take(throttle);
    throttle_release(throttle, SENT_YES);
    wait_ms = throttle_wait_ms(throttle, PRIORITY_NORMAL);
    assert_true(wait_ms > 50000 && wait_ms <= 60001);
    throttle_close(throttle);

    throttle = open_named("held", 1, 60000);
    take(throttle);
    throttle_release(throttle, SENT_UNKNOWN);
    assert_true(throttle_wait_ms(throttle, PRIORITY_NORMAL) > 60001);
    assert_int_equal(used(throttle), 1);
    throttle_close(throttle);
}

static void the_wait_is_told_for_each_priority(void **state)
{
    struct throttle *throttle = open_named("wait", 2, 1000000);
    struct throttle_waiter waiters[5];
    int64_t high_ms, low_ms;

    (void)state;
    take(throttle);
    take(throttle);
    throttle_release(throttle, SENT_YES);
    throttle_release(throttle, SENT_YES);
    for (int i = 0; i < 5; i++) {
        waiters[i] = (struct throttle_waiter){.priority = PRIORITY_LOW};
        assert_false(throttle_take(throttle, &waiters[i]));
    }
    high_ms = throttle_wait_ms(throttle, PRIORITY_HIGH);
    low_ms = throttle_wait_ms(throttle, PRIORITY_LOW);
    assert_true(high_ms <= 1000001 && high_ms > 900000);
    assert_true(low_ms > 1900000);
    for (int i = 0; i < 5; i++)
        throttle_leave(throttle, &waiters[i]);
    throttle_close(throttle);
}

static void a_pause_holds_all_also_without_a_limit(void **state)
{
    struct throttle *throttle = open_named("pause", 0, 0);
    struct throttle_waiter waiter = {.granted = note, .context = &(int){7}};

    (void)state;
    order_count = 0;
    take(throttle);
    throttle_pause(throttle, 20);
    throttle_pause(throttle, 1);
    assert_true(throttle_wait_ms(throttle, PRIORITY_HIGH) > 0);
    assert_false(throttle_take(throttle, &waiter));
    while (!order_count)
        turn();
    assert_int_equal(throttle_wait_ms(throttle, PRIORITY_HIGH), 0);
    throttle_close(throttle);
}

static void a_stricter_limit_counts_what_was_before_it(void **state)
{
    struct throttle *one = open_named("strict", 100, 1000), *two;
    struct throttle_stats stats;

    (void)state;
    for (int i = 0; i < 10; i++)
        take(one);
    for (int i = 0; i < 9; i++)
        throttle_release(one, SENT_YES);
    two = open_named("strict", 10, 3600000);
    assert_ptr_equal(one, two);
    throttle_stats(two, &stats);
    assert_int_equal(stats.limit.count, 10);
    assert_int_equal(stats.used, 10);
    assert_true(throttle_wait_ms(one, PRIORITY_HIGH) > 3500000);
    throttle_close(one);
    assert_int_equal(used(two), 10);
    throttle_close(two);
}

static void other_names_and_other_loops_share_nothing(void **state)
{
    struct loop *other_loop = NULL;
    struct throttle *here = open_named("name", 1, 1000), *named = open_named("other", 1, 1000);
    struct throttle *there = NULL;

    (void)state;
    assert_int_equal(loop_new(&other_loop, &err), 0);
    assert_int_equal(
        throttle_open(&there, other_loop, "name", (struct throttle_limit){1, 1000}, &err), 0);
    take(here);
    take(named);
    take(there);
    throttle_close(here);
    throttle_close(named);
    throttle_close(there);
    throttle_close(NULL);
    loop_free(other_loop);
}

static void too_many_different_limits_are_an_error(void **state)
{
    struct throttle *throttle = NULL, *refused;

    (void)state;
    for (int i = 0; i < 8; i++)
        throttle = open_named("many", 100 - i, 1000 - i);
    assert_int_equal(
        throttle_open(&refused, loop, "many", (struct throttle_limit){1, 1}, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    open_named("many", 200, 10); /* implied by the others */
    for (int i = 0; i < 9; i++)
        throttle_close(throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_window_holds_more_than_the_limit),
        cmocka_unit_test(all_limits_of_one_account_hold),
        cmocka_unit_test(higher_priorities_go_first_and_then_who_came_first),
        cmocka_unit_test(a_slot_is_held_for_a_window_and_without_an_answer_for_longer),
        cmocka_unit_test(the_wait_is_told_for_each_priority),
        cmocka_unit_test(a_pause_holds_all_also_without_a_limit),
        cmocka_unit_test(a_stricter_limit_counts_what_was_before_it),
        cmocka_unit_test(other_names_and_other_loops_share_nothing),
        cmocka_unit_test(too_many_different_limits_are_an_error),
    };

    return cmocka_run_group_tests_name("throttle", tests, set_up, tear_down);
}
