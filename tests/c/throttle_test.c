/* The throttle: order, lanes, pauses and wakes, in one process and over several. Instants are compared
   only in the direction that must never fail: nothing comes too early. */
#include "core/throttle.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/loop.h"

enum { WAITERS = 8, LOG_MAX = 64, TURN_MS = 20, PATIENCE_MS = 20000 };

struct want {
    struct throttle_waiter waiter;
    struct scene *scene;
    int name;
    bool granted;
    int64_t granted_ms;
};

/* One process's view. */
struct scene {
    struct loop *loop;
    struct throttle *throttle;
    struct want wants[WAITERS];
    int log[LOG_MAX];
    int logged;
};

static char folder[64];
static const struct err no_err;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/throttle_test.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* In children too, where failing means aborting. */
static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "# failed: %s\n", what);
    abort();
}

static void granted(void *context, const struct err *err)
{
    struct want *want = context;
    struct scene *scene = want->scene;

    must(!err, "granted");
    want->granted = true;
    want->granted_ms = clock_ms();
    if (scene->logged < LOG_MAX)
        scene->log[scene->logged++] = want->name;
}

static void begin(struct scene *scene, int limit, int64_t window_ms)
{
    struct throttle_spec spec = {.service = "test",
        .folder = folder,
        .name = "0123456789abcdef",
        .limit = limit,
        .window_ms = window_ms};
    struct err err = no_err;

    memset(scene, 0, sizeof *scene);
    must(!loop_new(&scene->loop, &err), "loop_new");
    must(!throttle_new(&scene->throttle, scene->loop, &spec, &err), "throttle_new");
    for (int i = 0; i < WAITERS; i++)
        scene->wants[i] = (struct want){.scene = scene,
            .name = i,
            .waiter = {.priority = PRIORITY_NORMAL, .granted = granted}};
    for (int i = 0; i < WAITERS; i++)
        scene->wants[i].waiter.context = &scene->wants[i];
}

static void end(struct scene *scene)
{
    throttle_free(scene->throttle);
    loop_free(scene->loop);
}

/* Whether there was a slot at once. */
static bool take(struct scene *scene, int name, enum throttle_priority priority)
{
    struct want *want = &scene->wants[name];
    struct err err;
    int taken;

    want->waiter.priority = priority;
    want->granted = false;
    taken = throttle_take(scene->throttle, &want->waiter, &err);
    must(taken >= 0, "throttle_take");
    return taken;
}

static void release(struct scene *scene, int name, enum err_sent sent)
{
    throttle_release(scene->throttle, &scene->wants[name].waiter, sent);
}

static void turn(struct scene *scene, int64_t timeout_ms)
{
    struct err err;

    must(!loop_turn(scene->loop, timeout_ms, &err), "loop_turn");
}

/* Returns how often the process woke up, be it for timers or as a turn may last no longer. */
static int await_in_turns(struct scene *scene, int name, int64_t turn_ms)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    int turns = 0;

    for (; !scene->wants[name].granted; turns++) {
        must(clock_ms() < end_ms, "a slot in time");
        turn(scene, turn_ms);
    }
    return turns;
}

static void await(struct scene *scene, int name)
{
    await_in_turns(scene, name, TURN_MS);
}

static void turn_until(struct scene *scene, int64_t until_ms)
{
    while (clock_ms() < until_ms)
        turn(scene, TURN_MS);
}

static struct throttle_stats stats_of(struct scene *scene)
{
    struct throttle_stats stats;

    throttle_stats(scene->throttle, &stats);
    return stats;
}

/* ---- one process ---- */

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

static void test_budget_of_repetitions(void **state)
{
    struct scene scene;
    int repeats = 0;

    (void)state;
    begin(&scene, 1, 1);
    while (repeats <= LOG_MAX && throttle_spend_retry(scene.throttle))
        repeats++;
    assert_int_equal(repeats, SLOTS_BUDGET_FIRST / SLOTS_RETRY_COST);
    for (int i = 0; i < SLOTS_RETRY_COST; i++) {
        assert_false(throttle_spend_retry(scene.throttle));
        assert_true(take(&scene, 0, PRIORITY_NORMAL));
        release(&scene, 0, SENT_NO);
    }
    assert_true(throttle_spend_retry(scene.throttle));
    scene.wants[0].waiter.repeats = true; /* a repetition earns none */
    for (int i = 0; i < SLOTS_RETRY_COST; i++) {
        assert_true(take(&scene, 0, PRIORITY_NORMAL));
        release(&scene, 0, SENT_NO);
    }
    assert_false(throttle_spend_retry(scene.throttle));
    end(&scene);
}

/* ---- several processes ---- */

struct board {
    atomic_int waiting, logged, paused;
    int log[LOG_MAX];
    enum throttle_priority priority;
    int64_t granted_ms;
};

static void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(at != MAP_FAILED);
    return at;
}

/* A child that waits for the one slot, says when it had it, and gives it back. */
static pid_t start_waiter(struct board *board, int name, enum throttle_priority priority)
{
    struct scene scene;
    int before = board->waiting;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid) {
        while (board->waiting == before)
            usleep(1000);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    begin(&scene, 1, 300);
    must(!take(&scene, name, priority), "a wait");
    board->waiting++;
    await(&scene, name);
    board->granted_ms = clock_ms();
    board->log[board->logged++] = name;
    release(&scene, name, SENT_NO);
    end(&scene);
    _exit(0);
}

static void finish(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_order_over_processes(void **state)
{
    static const enum throttle_priority priorities[] = {
        PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_NORMAL};
    static const int order[] = {3, 1, 2, 4, 0};
    struct board *board = shared(sizeof *board);
    struct scene scene;
    pid_t pids[5];

    (void)state;
    begin(&scene, 1, 300);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    for (int i = 0; i < 5; i++)
        pids[i] = start_waiter(board, i, priorities[i]);
    assert_int_equal(stats_of(&scene).waiting, 5);
    release(&scene, 0, SENT_NO);
    for (int i = 0; i < 5; i++)
        finish(pids[i]);
    assert_memory_equal(board->log, order, sizeof order);
    assert_int_equal(stats_of(&scene).waiting, 0);
    assert_int_equal(stats_of(&scene).used, 0);
    munmap(board, sizeof *board);
    end(&scene);
}

static void test_pause_holds_all_processes(void **state)
{
    struct board *board = shared(sizeof *board);
    struct scene scene;
    int64_t until_ms;
    pid_t pid;

    (void)state;
    begin(&scene, 1, 300);
    until_ms = clock_ms() + 500;
    throttle_pause(scene.throttle, 500);
    throttle_pause(scene.throttle, 1); /* never shortened */
    pid = start_waiter(board, 0, PRIORITY_HIGH);
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    await(&scene, 1);
    assert_true(scene.wants[1].granted_ms >= until_ms);
    release(&scene, 1, SENT_NO);
    finish(pid);
    assert_true(board->granted_ms >= until_ms);
    munmap(board, sizeof *board);
    end(&scene);
}

/* The turn of a waiter that is killed goes to the next one. */
static void test_dead_waiter_is_passed(void **state)
{
    struct board *board = shared(sizeof *board);
    struct scene scene;
    pid_t pid;

    (void)state;
    begin(&scene, 1, 300);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    pid = start_waiter(board, 0, PRIORITY_HIGH);
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    release(&scene, 0, SENT_NO);
    await(&scene, 1);
    release(&scene, 1, SENT_NO);
    assert_int_equal(board->logged, 0);
    munmap(board, sizeof *board);
    end(&scene);
}

/* That of one that is stopped, too, until it runs again. */
static void test_stopped_waiter_is_passed(void **state)
{
    struct board *board = shared(sizeof *board);
    struct scene scene;
    pid_t pid;

    (void)state;
    begin(&scene, 1, 300);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    pid = start_waiter(board, 0, PRIORITY_HIGH);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    release(&scene, 0, SENT_NO);
    await(&scene, 1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    release(&scene, 1, SENT_NO);
    finish(pid);
    assert_int_equal(board->logged, 1);
    munmap(board, sizeof *board);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        TEST(test_takes_up_to_the_limit),
        TEST(test_limit_that_is_too_large),
        TEST(test_held_for_a_window_after_the_answer),
        TEST(test_guard_without_an_answer),
        TEST(test_lanes),
        TEST(test_floor),
        TEST(test_nothing_starves),
        TEST(test_leaving),
        TEST(test_few_wakes),
        TEST(test_without_a_limit_only_pauses_count),
        TEST(test_budget_of_repetitions),
        TEST(test_order_over_processes),
        TEST(test_pause_holds_all_processes),
        TEST(test_dead_waiter_is_passed),
        TEST(test_stopped_waiter_is_passed),
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
