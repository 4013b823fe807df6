/* The throttle over several processes: order, pauses, and those that die or stop. */
#include <fcntl.h>
#include <sys/file.h>

#include "throttle_scene.h"

struct board {
    atomic_int waiting, logged, paused;
    int log[LOG_MAX];
    enum throttle_priority priority;
    int64_t granted_ms;
};

struct call {
    struct board *board;
    int name;
    enum throttle_priority priority;
};

static void wait_and_note(void *context)
{
    const struct call *call = context;
    struct board *board = call->board;
    struct scene scene;
    bool taken;

    begin(&scene, 1, 300);
    taken = take(&scene, call->name, call->priority);
    board->waiting++;
    if (!taken)
        await(&scene, call->name);
    board->granted_ms = clock_ms();
    board->log[board->logged++] = call->name;
    release(&scene, call->name, SENT_NO);
    end(&scene);
}

/* A child that waits for the one slot, says when it had it, and gives it back. */
static pid_t start_waiter(struct board *board, int name, enum throttle_priority priority)
{
    struct call call = {board, name, priority};
    int before = board->waiting;
    pid_t pid = start(wait_and_note, &call);

    while (board->waiting == before) {
        siginfo_t info = {0};

        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        assert_true(board->waiting != before || !info.si_pid);
        sched_yield();
    }
    return pid;
}

/* The service tells one process that all are to wait. */
static void pause_all(void *context)
{
    struct scene scene;

    begin(&scene, 1, 300);
    throttle_pause(scene.throttle, *(const int *)context);
    end(&scene);
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
    if (!take(&scene, 1, PRIORITY_NORMAL))
        await(&scene, 1);
    assert_true(clock_ms() >= until_ms);
    release(&scene, 1, SENT_NO);
    finish(pid);
    assert_true(board->granted_ms >= until_ms);
    munmap(board, sizeof *board);
    end(&scene);
}

static void note_refusal(void *context, const struct err *err)
{
    struct err *noted = context;

    must(err, "a refusal");
    *noted = *err;
}

/* Who does not wait for so long hears of it at once: also who waits already, in another
   process. */
static void test_too_long_a_pause_is_told(void **state)
{
    int pause_ms = 70000;
    struct err noted = no_err;
    struct throttle_waiter waiter = {.priority = PRIORITY_NORMAL,
        .pause_max_ms = 60000,
        .granted = note_refusal,
        .context = &noted};
    struct scene scene;
    pid_t pid;

    (void)state;
    begin(&scene, 1, 300);
    assert_true(take(&scene, 0, PRIORITY_NORMAL));
    assert_int_equal(throttle_take(scene.throttle, &waiter, &noted), 0);
    pid = start(pause_all, &pause_ms);
    while (!noted.kind)
        turn(&scene, TURN_MS);
    finish(pid);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(noted.kind, ERR_RATE_LIMITED);
        assert_true(noted.retry_after > 60 && noted.retry_after <= 70);
        assert_int_equal(throttle_take(scene.throttle, &waiter, &noted), -1);
    }
    assert_int_equal(stats_of(&scene).waiting, 0);
    release(&scene, 0, SENT_NO);
    end(&scene);
}

/* One slot, which is taken, and an urgent waiter in another process. */
static pid_t begin_behind_waiter(struct scene *scene, struct board *board)
{
    begin(scene, 1, 300);
    assert_true(take(scene, 0, PRIORITY_NORMAL));
    return start_waiter(board, 0, PRIORITY_HIGH);
}

/* The slot goes to who waits in this process. */
static void pass(struct scene *scene)
{
    release(scene, 0, SENT_NO);
    await(scene, 1);
}

/* The turn of a waiter that is killed goes to the next one. */
static void test_dead_waiter_is_passed(void **state)
{
    struct board *board = shared(sizeof *board);
    struct scene scene;
    pid_t pid;

    (void)state;
    pid = begin_behind_waiter(&scene, board);
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    kill_child(pid);
    pass(&scene);
    release(&scene, 1, SENT_NO);
    assert_int_equal(board->logged, 0);
    munmap(board, sizeof *board);
    end(&scene);
}

static bool is_locked(void)
{
    char path[128];
    bool locked;
    int fd;

    snprintf(path, sizeof path, "%s/limit-0123456789abcdef", folder);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    locked = flock(fd, LOCK_EX | LOCK_NB);
    close(fd);
    return locked;
}

/* Not in the microseconds in which it has the lock: then everybody waits for it. */
static void stop(pid_t pid)
{
    assert_int_equal(kill(pid, SIGSTOP), 0);
    await_stop(pid);
    while (is_locked()) {
        assert_int_equal(kill(pid, SIGCONT), 0);
        sched_yield();
        assert_int_equal(kill(pid, SIGSTOP), 0);
        await_stop(pid);
    }
}

/* That of one that is stopped, too, until it runs again. */
static void test_stopped_waiter_is_passed(void **state)
{
    struct board *board = shared(sizeof *board);
    struct scene scene;
    pid_t pid;

    (void)state;
    pid = begin_behind_waiter(&scene, board);
    stop(pid);
    assert_false(take(&scene, 1, PRIORITY_NORMAL));
    pass(&scene);
    assert_int_equal(kill(pid, SIGCONT), 0);
    release(&scene, 1, SENT_NO);
    finish(pid);
    assert_int_equal(board->logged, 1);
    munmap(board, sizeof *board);
    end(&scene);
}

static void end_and_stop(void *context)
{
    struct board *board = context;
    struct scene scene;

    begin(&scene, 1, 300);
    must(take(&scene, 0, PRIORITY_NORMAL), "a slot");
    board->granted_ms = clock_ms();
    release(&scene, 0, SENT_YES);
    stop_self();
}

/* Who does something else after an answer keeps nobody waiting. */
static void test_slot_of_a_busy_process_is_freed(void **state)
{
    struct board *board = shared(sizeof *board);
    pid_t pid = start(end_and_stop, board);
    struct scene scene;

    (void)state;
    await_stop(pid);
    begin(&scene, 1, 300);
    assert_false(take(&scene, 0, PRIORITY_NORMAL));
    await(&scene, 0);
    assert_true(scene.wants[0].granted_ms > board->granted_ms + 300);
    release(&scene, 0, SENT_NO);
    kill_child(pid);
    munmap(board, sizeof *board);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
        TEST(test_order_over_processes),
        TEST(test_pause_holds_all_processes),
        TEST(test_too_long_a_pause_is_told),
        TEST(test_dead_waiter_is_passed),
        TEST(test_stopped_waiter_is_passed),
        TEST(test_slot_of_a_busy_process_is_freed),
    };

    return cmocka_run_group_tests_name("throttle_crowd", tests, NULL, NULL);
}
