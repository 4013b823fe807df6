#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/loop.h"
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
    loop_resume();
    loop_free(loop);
    return 0;
}

static void turn(int64_t timeout_ms)
{
    assert_int_equal(loop_turn(loop, timeout_ms, &err), 0);
}

static void count_up(void *context)
{
    (*(int *)context)++;
}

static void timers_fire_when_due_and_not_before(void **state)
{
    int fired = 0;
    struct timer timer;
    int64_t started_ms = clock_ms();

    (void)state;
    timer_init(&timer, count_up, &fired);
    loop_timer_start(loop, &timer, 20);
    turn(0);
    while (!fired)
        turn(-1);
    assert_true(clock_ms() - started_ms >= 20);
    turn(0);
    assert_int_equal(fired, 1);
}

static void a_delay_of_0_fires_without_waiting(void **state)
{
    int fired = 0;
    struct timer timer;

    (void)state;
    timer_init(&timer, count_up, &fired);
    loop_timer_start(loop, &timer, 0);
    turn(-1);
    assert_int_equal(fired, 1);
}

static void a_stopped_timer_does_not_fire(void **state)
{
    int fired = 0;
    struct timer timer;

    (void)state;
    timer_init(&timer, count_up, &fired);
    loop_timer_start(loop, &timer, 1);
    loop_timer_stop(loop, &timer);
    loop_timer_stop(loop, &timer);
    turn(5);
    assert_int_equal(fired, 0);
}

/* Two descriptors that become ready together; the first callback takes the other's watch
   away. */
struct pair {
    struct loop_watch watch;
    struct pair *other;
    int calls;
};

static void stop_other(void *context, unsigned events)
{
    struct pair *pair = context;

    assert_true(events & EPOLLIN);
    pair->calls++;
    loop_unwatch(loop, &pair->other->watch);
}

static void an_unwatched_descriptor_is_not_called_in_the_same_turn(void **state)
{
    int pipes[2][2];
    struct pair pairs[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        pairs[i] = (struct pair){.other = &pairs[!i]};
        pairs[i].watch =
            (struct loop_watch){.fd = pipes[i][0], .ready = stop_other, .context = &pairs[i]};
        assert_int_equal(loop_watch(loop, &pairs[i].watch, EPOLLIN, &err), 0);
    }
    turn(-1);
    assert_int_equal(pairs[0].calls + pairs[1].calls, 1);
    for (int i = 0; i < 2; i++) {
        loop_unwatch(loop, &pairs[i].watch);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static void a_watch_is_level_triggered_and_its_events_change(void **state)
{
    int ends[2];
    struct pair pair = {.other = &pair};

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pair.other = &(struct pair){0};
    pair.watch = (struct loop_watch){.fd = ends[0], .ready = stop_other, .context = &pair};
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(loop_watch(loop, &pair.watch, EPOLLIN, &err), 0);
    turn(-1);
    turn(-1);
    assert_int_equal(pair.calls, 2);
    assert_int_equal(loop_watch(loop, &pair.watch, EPOLLOUT, &err), 0);
    turn(1);
    assert_int_equal(pair.calls, 2);
    loop_unwatch(loop, &pair.watch);
    close(ends[0]);
    assert_int_equal(loop_watch(loop, &pair.watch, EPOLLIN, &err), -1);
    close(ends[1]);
}

static void ended_operations_are_listed_once_in_order(void **state)
{
    struct loop_op ops[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        loop_end(loop, &ops[i]);
    loop_end(loop, &ops[0]);
    loop_forget(loop, &ops[2]);
    loop_forget(loop, &ops[2]);
    assert_ptr_equal(loop_next_ended(loop), &ops[0]);
    loop_end(loop, &ops[2]);
    assert_ptr_equal(loop_next_ended(loop), &ops[1]);
    assert_ptr_equal(loop_next_ended(loop), &ops[2]);
    assert_null(loop_next_ended(loop));
    assert_true(ops[2].ended);
}

static void interrupted_by_signal(int number)
{
    (void)number;
    loop_interrupt();
}

static void an_interrupt_ends_a_wait_and_stays_until_it_is_forgotten(void **state)
{
    struct itimerval soon = {.it_value = {.tv_usec = 10000}};

    (void)state;
    signal(SIGALRM, interrupted_by_signal);
    setitimer(ITIMER_REAL, &soon, NULL);
    while (!loop_interrupted())
        turn(-1);
    turn(-1);
    assert_true(loop_interrupted());
    loop_resume();
    assert_false(loop_interrupted());
    turn(1);
}

static void end_op(void *context)
{
    loop_end(loop, context);
}

static void an_ended_operation_ends_the_turn(void **state)
{
    struct loop_op op = {0};
    struct timer timer;

    (void)state;
    timer_init(&timer, end_op, &op);
    loop_timer_start(loop, &timer, 0);
    turn(-1);
    assert_ptr_equal(loop_next_ended(loop), &op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_when_due_and_not_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delay_of_0_fires_without_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stopped_timer_does_not_fire, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_unwatched_descriptor_is_not_called_in_the_same_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_watch_is_level_triggered_and_its_events_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            ended_operations_are_listed_once_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_interrupt_ends_a_wait_and_stays_until_it_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_ended_operation_ends_the_turn, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
