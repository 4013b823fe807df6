/* The throttle: order, lanes, pauses and wakes, in one process. Instants are compared
   only in the direction that must never fail: nothing comes too early. */
#include "throttle_scene.h"

#include "core/slots_budget.h"
#include "core/slots_file.h"

static void test_takes_up_to_the_limit(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2, 60000);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_true(take(&scene, 1, PRIORITY_NORMAL));
    assert_false(take(&scene, 2, PRIORITY_HIGH));
    assert_int_equal(stats_of(&scene).used, 2);
    assert_int_equal(stats_of(&scene).waiting, 1);
    release(&scene, 0, SENT_YES); /* held: no room for the waiter */
    turn(&scene, TURN_MS);
    assert_false(scene.wants[2].granted);
    release(&scene, 1, SENT_NO); /* never sent: given back at once */
    await(&scene, 2);
    assert_int_equal(stats_of(&scene).used, 2);
    assert_int_equal(stats_of(&scene).waiting, 0);
    assert_true(stats_of(&scene).wait_ms > 0);
    release(&scene, 2, SENT_NO);
    assert_int_equal(stats_of(&scene).used, 1);
    assert_int_equal(stats_of(&scene).wait_ms, 0);
    end(&scene);
}

static void test_limit_that_is_too_large(void **state)
{
    struct throttle_spec spec = {
        .service = "test", .name = "x", .limit = SLOTS_ENDED_MAX + 1, .window_ms = 1};
    struct throttle *throttle;
    struct loop *loop;
    struct err err;

    (void)state;
    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(throttle_new(&throttle, loop, &spec, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    loop_free(loop);
}

static void test_held_for_a_window_after_the_answer(void **state)
{
    struct scene scene;
    int64_t ended_ms;

    (void)state;
    begin(&scene, 1, 200);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    turn(&scene, 0);
    ended_ms = clock_ms();
    release(&scene, 0, SENT_YES);
    await(&scene, 1);
    assert_true(scene.wants[1].granted_ms > ended_ms + 200);
    printf("# woke %lld ms after the slot was due\n",
        (long long)(scene.wants[1].granted_ms - ended_ms - 201));
    release(&scene, 1, SENT_NO);
    end(&scene);
}

static int in_flight(void)
{
    struct slots_file_spec spec = {.folder = folder, .name = "0123456789abcdef"};
    struct slots_file *file;
    struct slots *slots;
    struct err err;
    int count;

    must(!slots_file_open(&file, &spec, &err) && !slots_file_lock(file, &slots, &err), "open");
    count = (int)slots->in_flight;
    slots_file_unlock(file);
    slots_file_close(file);
    return count;
}

/* By the next request, or before the process waits for anything. */
static void test_end_that_is_noted_is_settled(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2, 60000);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    release(&scene, 0, SENT_YES);
    assert_int_equal(in_flight(), 1);
    assert_true(take(&scene, 1, PRIORITY_NORMAL));
    assert_int_equal(in_flight(), 1);
    release(&scene, 1, SENT_YES);
    turn(&scene, PATIENCE_MS);
    assert_int_equal(in_flight(), 0);
    assert_int_equal(stats_of(&scene).used, 2);
    end(&scene);
}

static void test_guard_without_an_answer(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 1, 200);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    release(&scene, 0, SENT_UNKNOWN);
    assert_true(stats_of(&scene).wait_ms > THROTTLE_GUARD_MS);
    end(&scene);
}

/* The same, with the places filled by `names` in the order of coming. */
static void expect_order(struct scene *scene, const int *names, int count)
{
    for (int i = 0; i < count; i++) {
        await(scene, names[i]);
        assert_int_equal(scene->logged, i + 1);
        release(scene, names[i], SENT_NO);
    }
}

static void test_lanes(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 1, 60000);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_false(take(&scene, 1, PRIORITY_LOW));
    assert_false(take(&scene, 2, PRIORITY_NORMAL));
    assert_false(take(&scene, 3, PRIORITY_HIGH));
    assert_false(take(&scene, 4, PRIORITY_NORMAL));
    assert_false(take(&scene, 5, PRIORITY_HIGH));
    release(&scene, 0, SENT_NO);
    expect_order(&scene, (int[]){3, 5, 2, 4, 1}, 5);
    end(&scene);
}

/* A low one that came four windows before a high one goes first. */
static void test_floor(void **state)
{
    enum { WINDOW_MS = 20 };
    struct scene scene;

    (void)state;
    begin(&scene, 1, WINDOW_MS);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_false(take(&scene, 1, PRIORITY_LOW));
    turn_until(&scene, clock_ms() + 4 * WINDOW_MS + 2);
    assert_false(take(&scene, 2, PRIORITY_HIGH));
    release(&scene, 0, SENT_NO);
    expect_order(&scene, (int[]){1, 2}, 2);
    end(&scene);
}

/* The name of the next one that gets a slot. */
static int await_any(struct scene *scene)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    int before = scene->logged;

    while (scene->logged == before) {
        must(clock_ms() < end_ms, "a slot in time");
        turn(scene, TURN_MS);
    }
    return scene->log[before];
}

/* However many high ones come, the low one has its turn. */
static void test_nothing_starves(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 1, 20);
    assert_true(take(&scene, 0, PRIORITY_HIGH));
    assert_false(take(&scene, 7, PRIORITY_LOW));
    for (int name = 1; name < 4; name++)
        assert_false(take(&scene, name, PRIORITY_HIGH));
    release(&scene, 0, SENT_YES);
    for (int name = await_any(&scene); name != 7; name = await_any(&scene)) {
        assert_true(scene.logged < LOG_MAX);
        release(&scene, name, SENT_YES);
        assert_false(take(&scene, name, PRIORITY_HIGH)); /* nobody passes those who wait */
    }
    printf("# low came after %d of higher priority\n", scene.logged - 1);
    for (int name = 1; name < 4; name++)
        throttle_leave(scene.throttle, &scene.wants[name].waiter);
    end(&scene);
}

static void test_leaving(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 1, 60000);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    for (int name = 1; name < 6; name++)
        assert_false(take(&scene, name, PRIORITY_NORMAL));
    turn(&scene, 0);
    throttle_leave(scene.throttle, &scene.wants[1].waiter); /* the head */
    throttle_leave(scene.throttle, &scene.wants[3].waiter); /* amid */
    throttle_leave(scene.throttle, &scene.wants[5].waiter); /* the last */
    throttle_leave(scene.throttle, &scene.wants[5].waiter);
    assert_int_equal(stats_of(&scene).waiting, 2);
    release(&scene, 0, SENT_NO);
    expect_order(&scene, (int[]){2, 4}, 2);
    assert_false(scene.wants[1].granted || scene.wants[3].granted || scene.wants[5].granted);
    assert_int_equal(stats_of(&scene).waiting, 0);
    assert_int_equal(stats_of(&scene).used, 0);
    assert_true(take(&scene, 1, PRIORITY_NORMAL));
    release(&scene, 1, SENT_NO);
    end(&scene);
}

/* A wait of two seconds costs a few looks, not a poll. */
static void test_few_wakes(void **state)
{
    struct scene scene;
    int turns;

    (void)state;
    begin(&scene, 1, 2000);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    release(&scene, 0, SENT_YES);
    for (int name = 1; name < WAITERS; name++)
        assert_false(take(&scene, name, (enum throttle_priority)(name % PRIORITIES)));
    turns = await_in_turns(&scene, 3, PATIENCE_MS); /* the high one */
    printf("# %d wakes in a wait of 2 s\n", turns);
    assert_true(turns <= 10);
    release(&scene, 3, SENT_NO);
    for (int name = 1; name < WAITERS; name++) {
        throttle_leave(scene.throttle, &scene.wants[name].waiter);
        release(&scene, name, SENT_NO);
    }
    end(&scene);
}

static void test_without_a_limit_only_pauses_count(void **state)
{
    struct scene scene;
    int64_t until_ms;

    (void)state;
    begin(&scene, 0, 1000);
    for (int name = 0; name < WAITERS; name++)
        assert_true(take(&scene, name, PRIORITY_LOW));
    until_ms = clock_ms() + 100;
    throttle_pause(scene.throttle, 100);
    assert_false(take(&scene, 0, PRIORITY_HIGH));
    await(&scene, 0);
    assert_true(scene.wants[0].granted_ms >= until_ms);
    end(&scene);
}

enum { PAUSE_MS = 300 };

static void pause_elsewhere(void *context)
{
    struct scene scene;

    (void)context;
    begin(&scene, 0, 1000);
    throttle_pause(scene.throttle, PAUSE_MS);
    end(&scene);
}

static void expect_pause(struct scene *scene)
{
    int64_t began_ms = clock_ms();
    int status;

    assert_int_equal(waitpid(start(pause_elsewhere, NULL), &status, 0) > 0 && !status, true);
    assert_false(take(scene, 0, PRIORITY_NORMAL));
    await(scene, 0);
    assert_true(scene->wants[0].granted_ms >= began_ms + PAUSE_MS);
}

static void earn_all(struct scene *scene)
{
    for (int i = 0; i < SLOTS_BUDGET_MAX; i++)
        assert_true(take(scene, 0, PRIORITY_NORMAL));
}

/* Also when there is nothing left to earn, and so no lock is taken. */
static void test_without_a_limit_pauses_of_others_count(void **state)
{
    static const char *const ways[] = {"true", "rm limit-*", "mv limit-* away"};
    struct scene scene;
    char command[128];

    (void)state;
    begin(&scene, 0, 1000);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        earn_all(&scene);
        snprintf(command, sizeof command, "cd %s && %s", folder, ways[i]);
        assert_int_equal(system(command), 0);
        expect_pause(&scene);
    }
    end(&scene);
}

static void test_spent_repetitions_are_earned_again(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 0, 1000);
    earn_all(&scene);
    for (int i = 0; i < SLOTS_BUDGET_MAX / SLOTS_BUDGET_COST; i++)
        assert_true(throttle_spend_retry(scene.throttle));
    assert_false(throttle_spend_retry(scene.throttle));
    for (int i = 0; i < SLOTS_BUDGET_COST; i++)
        assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_true(throttle_spend_retry(scene.throttle));
    end(&scene);
}

static void test_budget_of_repetitions(void **state)
{
    struct scene scene;
    int repeats = 0;

    (void)state;
    begin(&scene, 1, 1);
    while (repeats <= LOG_MAX && throttle_spend_retry(scene.throttle))
        repeats++;
    assert_int_equal(repeats, SLOTS_BUDGET_FIRST / SLOTS_BUDGET_COST);
    for (int i = 0; i < SLOTS_BUDGET_COST; i++) {
        assert_false(throttle_spend_retry(scene.throttle));
        assert_true(take(&scene, 0, PRIORITY_NORMAL));
        release(&scene, 0, SENT_NO);
    }
    assert_true(throttle_spend_retry(scene.throttle));
    scene.wants[0].waiter.repeats = true; /* a repetition earns none */
    for (int i = 0; i < SLOTS_BUDGET_COST; i++) {
        assert_true(take(&scene, 0, PRIORITY_NORMAL));
        release(&scene, 0, SENT_NO);
    }
    assert_false(throttle_spend_retry(scene.throttle));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
        TEST(test_takes_up_to_the_limit),
        TEST(test_limit_that_is_too_large),
        TEST(test_held_for_a_window_after_the_answer),
        TEST(test_end_that_is_noted_is_settled),
        TEST(test_guard_without_an_answer),
        TEST(test_lanes),
        TEST(test_floor),
        TEST(test_nothing_starves),
        TEST(test_leaving),
        TEST(test_few_wakes),
        TEST(test_without_a_limit_only_pauses_count),
        TEST(test_without_a_limit_pauses_of_others_count),
        TEST(test_spent_repetitions_are_earned_again),
        TEST(test_budget_of_repetitions),
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
