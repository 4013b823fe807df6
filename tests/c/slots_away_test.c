/* Processes that are killed while they use the slots, and files that are taken away from
   them. */
#include <stddef.h>
#include <sys/file.h>

#include "slots_removals.h"

/* ---- processes that die ---- */

static void take_and_stop_locked(void *context)
{
    struct slots_file *file = context;
    struct slots *slots = lock(file);
    struct slots_place place;

    must(slots_take(slots, LIMIT, clock_ms(), slots_owner_self(), &place), "take");
    must(slots_queue_enter(slots, 1, clock_ms(), slots_owner_self(), &place), "enter");
    stop_self();
}

static void open_and_stop_locked(void *context)
{
    (void)context;
    take_and_stop_locked(open_file());
}

/* Dying in the critical section frees the lock, and what it held is found and held on. */
static void test_death_under_the_lock(void **state)
{
    struct slots_file *file = open_file();
    pid_t pid = start(open_and_stop_locked, NULL);
    struct slots *slots;

    (void)state;
    await_stop(pid);
    kill_child(pid);
    slots = lock(file);
    assert_int_equal(slots_used(slots, clock_ms()), 1);
    assert_int_equal(slots->waiting, 1);
    slots_reap(slots, slots_owner_is_alive, clock_ms() + HOLD_MS);
    assert_int_equal(slots->in_flight, 0);
    assert_int_equal(slots->waiting, 0);
    assert_int_equal(slots_used(slots, clock_ms()), 1);
    assert_int_equal(slots_used(slots, clock_ms() + HOLD_MS), 0);
    slots_file_unlock(file);
    slots_file_close(file);
}

static void do_nothing(void *context)
{
    (void)context;
}

static void owner_in_child(void *context)
{
    *(struct slots_owner *)context = slots_owner_self();
    stop_self();
}

static void test_who_is_alive(void **state)
{
    struct slots_owner self = slots_owner_self(), *other = shared(sizeof *other);
    pid_t pid = start(owner_in_child, other), zombie;
    siginfo_t info;

    (void)state;
    await_stop(pid);
    assert_int_equal(other->pid, pid); /* a fork is another process */
    assert_true(slots_owner_is_alive(self));
    assert_true(slots_owner_is_alive(*other));
    self.born++; /* the pid was given to another process */
    assert_false(slots_owner_is_alive(self));
    assert_false(slots_owner_is_alive((struct slots_owner){self.pid, 0}));

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(slots_owner_is_alive(*other)); /* a zombie */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(slots_owner_is_alive(*other));
    zombie = start(do_nothing, NULL);
    finish(zombie);
    munmap(other, sizeof *other);
}

/* ---- files that are taken away ---- */

static void test_newcomer_finds_what_is_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < REMOVALS; i++) {
        struct slots_place place;
        struct slots_file *file = open_taken(&place), *newcomer;

        take_away(i);
        newcomer = open_file();
        assert_int_equal(used(newcomer), 3);
        release(file, place, 0); /* its place is found in the new file */
        assert_int_equal(used(newcomer), 2);
        assert_int_equal(used(file), 2);
        slots_file_close(file);
        slots_file_close(newcomer);
        renew();
    }
}

static void test_holder_makes_the_file_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < REMOVALS; i++) {
        struct slots_place place;
        struct slots_file *file = open_taken(&place);

        removals[i]();
        release(file, place, clock_ms() + HOLD_MS);
        assert_int_equal(used(file), 3);
        assert_int_equal(used_of_newcomer(), 3);
        slots_file_close(file);
        assert_int_equal(used_of_newcomer(), 3);
        renew();
    }
}

static void take_stop_and_give_back(void *context)
{
    struct slots_file *file = context;
    struct slots_place place;

    must(take(file, LIMIT, &place), "take");
    stop_self();
    release(file, place, 0);
    must(used(file) == 0, "nothing is left");
    slots_file_close(file);
}

static void open_take_and_stop(void *context)
{
    (void)context;
    take_stop_and_give_back(open_file());
}

/* Who took over what a process holds may be gone when the file is taken away once more. */
static void test_taken_away_twice(void **state)
{
    pid_t pid = start(open_take_and_stop, NULL);

    (void)state;
    await_stop(pid);
    for (int i = 0; i < 5; i++) {
        delete_file();
        assert_int_equal(used_of_newcomer(), 1);
    }
    assert_int_equal(kill(pid, SIGCONT), 0);
    finish(pid);
    assert_int_equal(used_of_newcomer(), 0);
}

/* A file that comes back to its path is not all there is by then. */
static void test_moved_back(void **state)
{
    struct slots_file *file = open_file(), *other;
    struct slots_place place;
    char away[160];

    (void)state;
    snprintf(away, sizeof away, "%s/away", folder);
    rename_file();
    other = open_file();
    assert_true(take(other, LIMIT, &place));
    assert_int_equal(rename(away, path), 0);
    assert_int_equal(used(file), 1);
    release(other, place, 0);
    assert_int_equal(used(file), 0);
    slots_file_close(other);
    slots_file_close(file);
}

/* A file of this path that is at none, open as the last of this process's. */
static int open_last(void)
{
    char away[160];
    int fd, last_fd;

    snprintf(away, sizeof away, "%s/last", folder);
    slots_file_close(open_file());
    assert_int_equal(rename(path, away), 0);
    fd = open(away, O_RDWR);
    last_fd = fcntl(fd, F_DUPFD, 500);
    assert_true(last_fd >= 0);
    close(fd);
    return last_fd;
}

static bool is_moved(int fd)
{
    uint64_t moved;

    assert_int_equal(
        pread(fd, &moved, sizeof moved, offsetof(struct slots, moved)), sizeof moved);
    return moved;
}

static bool waits_for_a_lock(pid_t pid)
{
    FILE *file = fopen("/proc/locks", "r");
    char line[256], *kind;
    bool waits = false;

    assert_non_null(file);
    while (!waits && fgets(line, sizeof line, file))
        waits = strstr(line, "->") && (kind = strstr(line, "WRITE")) && atoi(kind + 5) == pid;
    fclose(file);
    return waits;
}

static void expect_two(void *context)
{
    struct slots_file *file = open_file();

    (void)context;
    must(used(file) == 2, "what was held");
    slots_file_close(file);
}

/* The file is taken away again in the middle of the search, when it got what was found so far
   and nobody has used it. What is locked may come first: searches of other tests look at it,
   too. */
static void test_taken_away_while_others_are_asked(void **state)
{
    int last_fd = open_last();
    struct slots_file *file = open_used();
    int used_fd = open(path, O_RDONLY);
    pid_t pid;

    (void)state;
    rename_file();
    assert_int_equal(flock(last_fd, LOCK_EX), 0);
    pid = start(expect_two, NULL);
    while (!is_moved(used_fd) && !waits_for_a_lock(pid))
        sched_yield();
    delete_file();
    assert_int_equal(flock(last_fd, LOCK_UN), 0);
    finish(pid);
    assert_int_equal(used_of_newcomer(), 2);
    close(used_fd);
    close(last_fd);
    slots_file_close(file);
}

/* Another account's file, or another folder's, is none of ours. */
static void test_other_files_are_left_alone(void **state)
{
    struct slots_file_spec other_spec = spec;
    struct slots_file *other;
    struct err err;

    (void)state;
    other_spec.name = "fedcba9876543210";
    assert_int_equal(slots_file_open(&other, &other_spec, &err), 0);
    assert_int_equal(slots_used(lock(other), clock_ms()), 0);
    slots_file_unlock(other);
    slots_file_close(open_used());
    delete_file();
    assert_int_equal(used_of_newcomer(), 0);
    slots_file_close(other);
}

/* ---- a crowd, and a file that is taken away all the time ---- */

enum { ROUNDS = 150, LITTLE_NS = 20000 };

struct crowd {
    atomic_int in_flight, over, grants;
    atomic_bool ends;
};

static void take_and_give_back(void *context)
{
    struct crowd *crowd = context;
    struct slots_file *file = open_file();
    struct slots_place place;

    while (!crowd->ends) {
        if (crowd->grants % 7 == 0) { /* newcomers all the time */
            slots_file_close(file);
            file = open_file();
        }
        if (!take(file, LIMIT, &place))
            continue;
        if (atomic_fetch_add(&crowd->in_flight, 1) >= LIMIT)
            crowd->over++;
        crowd->grants++;
        nanosleep(&(struct timespec){.tv_nsec = LITTLE_NS}, NULL);
        atomic_fetch_sub(&crowd->in_flight, 1);
        if (crowd->grants % 2 || !slots_file_end(file, place, clock_ms()))
            release(file, place, 0);
    }
    slots_file_close(file);
}

static void take_away_repeatedly(struct crowd *crowd)
{
    for (int i = 0; i < ROUNDS; i++) {
        int grants = crowd->grants;
        char away[160];

        while (access(path, F_OK) || crowd->grants < grants + 2)
            sched_yield();
        snprintf(away, sizeof away, "%s/away", folder);
        if (i % 3)
            unlink(path);
        else
            rename(path, away);
    }
}

static void test_crowd_never_goes_over(void **state)
{
    struct crowd *crowd = shared(sizeof *crowd);
    pid_t pids[CROWD];

    (void)state;
    for (int i = 0; i < CROWD; i++)
        pids[i] = start(take_and_give_back, crowd);
    take_away_repeatedly(crowd);
    crowd->ends = true;
    for (int i = 0; i < CROWD; i++)
        finish(pids[i]);
    printf("# %d grants while the file was taken away %d times\n", crowd->grants, ROUNDS);
    assert_int_equal(crowd->over, 0);
    assert_int_equal(used_of_newcomer(), 0);
    munmap(crowd, sizeof *crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_folder)
        TEST(test_death_under_the_lock),
        TEST(test_who_is_alive),
        TEST(test_newcomer_finds_what_is_held),
        TEST(test_holder_makes_the_file_anew),
        TEST(test_taken_away_twice),
        TEST(test_moved_back),
        TEST(test_taken_away_while_others_are_asked),
        TEST(test_other_files_are_left_alone),
        TEST(test_crowd_never_goes_over),
    };

    return cmocka_run_group_tests_name("slots_away", tests, NULL, NULL);
}
