/* The file of the slots: real files, and real processes that are killed. */
#include "core/slots_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/clock.h"

enum { LIMIT = 5, HOLD_MS = 600000, CROWD = 6, NOBODY = 65534 };

static char folder[64], path[128];

static struct slots_file_spec spec = {
    .folder = folder, .name = "0123456789abcdef", .limit = LIMIT, .hold_ms = HOLD_MS};

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/slots_file_test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/limit-0123456789abcdef", folder);
    spec.assume_fresh = false;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* ---- doing things to a file; these run in children too, where failing means aborting ---- */

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "# failed: %s\n", what);
    abort();
}

static struct slots_file *open_file(void)
{
    struct slots_file *file;
    struct err err;

    if (slots_file_open(&file, &spec, &err)) {
        fprintf(stderr, "# %s\n", err.message);
        must(false, "slots_file_open");
    }
    return file;
}

static struct slots *lock(struct slots_file *file)
{
    struct slots *slots;
    struct err err;

    if (slots_file_lock(file, &slots, &err)) {
        fprintf(stderr, "# %s\n", err.message);
        must(false, "slots_file_lock");
    }
    return slots;
}

static int used(struct slots_file *file)
{
    int count = slots_used(lock(file), clock_ms());

    slots_file_unlock(file);
    return count;
}

static bool take(struct slots_file *file, int limit, struct slots_place *place)
{
    bool taken = slots_take(lock(file), limit, clock_ms(), slots_file_owner(), place);

    slots_file_unlock(file);
    return taken;
}

static void release(struct slots_file *file, struct slots_place place, int64_t free_ms)
{
    slots_release(lock(file), place, free_ms);
    slots_file_unlock(file);
}

static int used_of_newcomer(void)
{
    struct slots_file *file = open_file();
    int count = used(file);

    slots_file_close(file);
    return count;
}

static enum err_kind kind_of_open(char message[ERR_MESSAGE_MAX])
{
    struct slots_file *file;
    struct err err;

    if (!slots_file_open(&file, &spec, &err)) {
        slots_file_close(file);
        return ERR_NONE;
    }
    memcpy(message, err.message, ERR_MESSAGE_MAX);
    return err.kind;
}

/* ---- processes ---- */

/* A child that runs `work` and ends; it dies with its parent. */
static pid_t start(void (*work)(void *), void *context)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work(context);
    _exit(0);
}

static void finish(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void stop_self(void)
{
    raise(SIGSTOP);
}

/* Until the child has stopped itself. */
static void await_stop(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
}

static void kill_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(at != MAP_FAILED);
    return at;
}

/* ---- opening ---- */

static void test_first_use_starts_at_once(void **state)
{
    struct slots_file *file = open_file();
    struct slots_place place;
    struct stat stat_buf;

    (void)state;
    assert_int_equal(used(file), 0);
    assert_true(take(file, 1, &place));
    assert_false(take(file, 1, &place));
    assert_int_equal(stat(path, &stat_buf), 0);
    assert_int_equal(stat_buf.st_mode & 07777, 0600);
    slots_file_close(file);
    assert_int_equal(used_of_newcomer(), 1);
}

static void test_memory_of_one_process(void **state)
{
    struct slots_file_spec alone = {.limit = 1, .hold_ms = 1};
    struct slots_file *file;
    struct slots_place place;
    struct err err;

    (void)state;
    assert_int_equal(slots_file_open(&file, &alone, &err), 0);
    assert_true(take(file, 1, &place));
    assert_false(take(file, 1, &place));
    slots_file_close(file);
}

static void open_take_and_stay(void *context)
{
    int *gate = context;
    struct slots_place place;
    char byte;

    close(gate[1]);
    must(read(gate[0], &byte, 1) == 0, "the gate");
    must(take(open_file(), CROWD, &place), "a slot for each");
    stop_self();
}

static void test_creators_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        int gate[2];
        pid_t pids[CROWD];

        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < CROWD; i++)
            pids[i] = start(open_take_and_stay, gate);
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < CROWD; i++)
            await_stop(pids[i]);
        assert_int_equal(used_of_newcomer(), CROWD);
        for (int i = 0; i < CROWD; i++)
            kill_child(pids[i]);
        assert_int_equal(unlink(path), 0);
    }
}

/* ---- what cannot be used ---- */

static void test_unusable_paths(void **state)
{
    char message[ERR_MESSAGE_MAX], target[160];

    (void)state;
    snprintf(target, sizeof target, "%s/target", folder);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_non_null(strstr(message, "not a plain file"));
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_int_equal(rmdir(path), 0);

    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void expect_unwritable(void *context)
{
    char message[ERR_MESSAGE_MAX];

    (void)context;
    must(!chmod(folder, 0555), "chmod");
    must(geteuid() || !seteuid(NOBODY), "seteuid");
    must(kind_of_open(message) == ERR_CONFIG, "an error");
    must(strstr(message, "Permission denied"), "its reason");
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    finish(start(expect_unwritable, NULL));
}

static void test_file_of_another_user(void **state)
{
    char message[ERR_MESSAGE_MAX];

    (void)state;
    if (geteuid())
        skip();
    slots_file_close(open_file());
    assert_int_equal(chown(path, NOBODY, NOBODY), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_non_null(strstr(message, "of this user"));
}

static void test_open_mode_is_closed(void **state)
{
    struct stat stat_buf;

    (void)state;
    slots_file_close(open_file());
    assert_int_equal(chmod(path, 0666), 0);
    slots_file_close(open_file());
    assert_int_equal(stat(path, &stat_buf), 0);
    assert_int_equal(stat_buf.st_mode & 07777, 0600);
}

static void test_network_folders(void **state)
{
    (void)state;
    assert_true(slots_file_is_network(NFS_SUPER_MAGIC));
    assert_true(slots_file_is_network(SMB2_SUPER_MAGIC));
    assert_true(slots_file_is_network((unsigned long)(int32_t)0xff534d42));
    assert_true(slots_file_is_network(V9FS_MAGIC));
    assert_false(slots_file_is_network(EXT4_SUPER_MAGIC));
    assert_false(slots_file_is_network(TMPFS_MAGIC));
    assert_false(slots_file_is_network(BTRFS_SUPER_MAGIC));
    assert_false(slots_file_is_network(XFS_SUPER_MAGIC));
}

/* ---- damage ---- */

/* Changes the file behind its users' backs. */
static void edit(void (*change)(struct slots *))
{
    struct slots *slots = malloc(sizeof *slots);
    int fd = open(path, O_RDWR);

    assert_non_null(slots);
    assert_int_equal(pread(fd, slots, sizeof *slots, 0), sizeof *slots);
    change(slots);
    assert_int_equal(pwrite(fd, slots, sizeof *slots, 0), sizeof *slots);
    close(fd);
    free(slots);
}

static void fill_with_garbage(struct slots *slots)
{
    memset(slots, 0xa5, sizeof *slots);
}

static void zero(struct slots *slots)
{
    memset(slots, 0, sizeof *slots);
}

static void flip_magic(struct slots *slots)
{
    slots->magic ^= 1;
}

static void flip_size(struct slots *slots)
{
    slots->size ^= 8;
}

static void flip_head(struct slots *slots)
{
    slots->head ^= 1u << 20;
}

static void flip_tail(struct slots *slots)
{
    slots->tail ^= 1u << 20;
}

static void flip_in_flight(struct slots *slots)
{
    slots->in_flight ^= UINT64_C(1) << 63;
}

static void lose_in_flight(struct slots *slots)
{
    slots->in_flight = 0;
}

static void flip_pause(struct slots *slots)
{
    slots->paused_until_ms ^= INT64_C(1) << 60;
}

static void flip_budget(struct slots *slots)
{
    slots->retry_budget ^= INT64_C(1) << 60;
}

static void flip_ended(struct slots *slots)
{
    slots->ended_ms[slots->head % SLOTS_ENDED_MAX] ^= INT64_C(1) << 60;
}

static void open_boot_id(struct slots *slots)
{
    memset(slots->boot_id, 'x', sizeof slots->boot_id);
}

static void cut(struct slots *slots)
{
    (void)slots;
    assert_int_equal(truncate(path, 100), 0);
}

static void (*const damages[])(struct slots *) = {fill_with_garbage, zero, flip_magic,
    flip_size, flip_head, flip_tail, flip_in_flight, lose_in_flight, flip_pause, flip_budget,
    flip_ended, open_boot_id};

/* One in flight and one held. */
static struct slots_file *open_used(void)
{
    struct slots_file *file = open_file();
    struct slots_place place;

    assert_true(take(file, LIMIT, &place));
    release(file, place, clock_ms() + HOLD_MS / 2);
    assert_true(take(file, LIMIT, &place));
    return file;
}

static void expect_waits_out(struct slots_file *file)
{
    struct slots *slots = lock(file);

    assert_int_equal(slots_used(slots, clock_ms()), LIMIT);
    assert_int_equal(slots_used(slots, clock_ms() + HOLD_MS - 60000), LIMIT);
    assert_int_equal(slots_used(slots, clock_ms() + HOLD_MS), 0);
    slots_file_unlock(file);
}

static void test_damage_is_waited_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct slots_file *file;

        slots_file_close(open_used());
        edit(damages[i]);
        file = open_file();
        expect_waits_out(file);
        slots_file_close(file);
        unlink(path);
    }
}

static void test_wrong_length_is_waited_out(void **state)
{
    static const off_t lengths[] = {
        0, 1, 100, sizeof(struct slots) - 1, sizeof(struct slots) + 1};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct slots_file *file;

        slots_file_close(open_used());
        assert_int_equal(truncate(path, lengths[i]), 0);
        file = open_file();
        expect_waits_out(file);
        slots_file_close(file);
        unlink(path);
    }
}

static void test_damage_is_noticed_by_holders(void **state)
{
    static void (*const seen[])(struct slots *) = {
        fill_with_garbage, zero, flip_magic, flip_size};

    (void)state;
    for (size_t i = 0; i <= sizeof seen / sizeof *seen; i++) {
        struct slots_file *file = open_used();

        if (i < sizeof seen / sizeof *seen)
            edit(seen[i]);
        else
            cut(NULL);
        expect_waits_out(file);
        slots_file_close(file);
        unlink(path);
    }
}

static void test_assume_fresh(void **state)
{
    (void)state;
    spec.assume_fresh = true;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        slots_file_close(open_used());
        edit(damages[i]);
        assert_int_equal(used_of_newcomer(), 0);
        unlink(path);
    }
    /* What is not damaged is kept all the same. */
    slots_file_close(open_used());
    assert_int_equal(used_of_newcomer(), 2);
}

/* ---- reboot ---- */

static void boot_earlier(struct slots *slots)
{
    snprintf(slots->boot_id, sizeof slots->boot_id, "an earlier boot");
    slots->ended_ms[slots->head % SLOTS_ENDED_MAX] += INT64_C(1) << 40; /* a long uptime */
    slots->paused_until_ms = INT64_C(1) << 40;
}

/* Whatever was sent before this boot counts until a window after it, on the boot's clock: time that
   passed while the machine was off is not known, and that much is known of it. */
static void test_reboot(void **state)
{
    struct slots *slots;
    struct slots_file *file;

    (void)state;
    spec.hold_ms = clock_ms() + HOLD_MS;
    slots_file_close(open_used());
    edit(boot_earlier);
    file = open_file();
    slots = lock(file);
    assert_int_equal(slots_used(slots, spec.hold_ms - 1), 2);
    assert_int_equal(slots_used(slots, spec.hold_ms), 0);
    assert_int_equal(slots->in_flight, 0);
    assert_int_equal(slots->paused_until_ms, 0);
    slots_file_unlock(file);
    slots_file_close(file);
    spec.hold_ms = HOLD_MS;
}

static void test_clock_counts_suspend_and_never_steps(void **state)
{
    struct timespec now;
    int64_t before_ms = clock_ms(), boot_ms;

    (void)state;
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
    boot_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    assert_true(before_ms <= boot_ms && boot_ms <= clock_ms());
}

/* ---- processes that die ---- */

static void take_and_stop_locked(void *context)
{
    struct slots_file *file = context;
    struct slots *slots = lock(file);
    struct slots_place place;

    must(slots_take(slots, LIMIT, clock_ms(), slots_file_owner(), &place), "take");
    must(slots_enter(slots, 1, clock_ms(), slots_file_owner(), &place), "enter");
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
    slots_reap(slots, slots_file_is_alive, clock_ms() + HOLD_MS);
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
    *(struct slots_owner *)context = slots_file_owner();
    stop_self();
}

static void test_who_is_alive(void **state)
{
    struct slots_owner self = slots_file_owner(), *other = shared(sizeof *other);
    pid_t pid = start(owner_in_child, other), zombie;
    siginfo_t info;

    (void)state;
    await_stop(pid);
    assert_int_equal(other->pid, pid); /* a fork is another process */
    assert_true(slots_file_is_alive(self));
    assert_true(slots_file_is_alive(*other));
    self.born++; /* the pid was given to another process */
    assert_false(slots_file_is_alive(self));
    assert_false(slots_file_is_alive((struct slots_owner){self.pid, 0}));

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(slots_file_is_alive(*other)); /* a zombie */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(slots_file_is_alive(*other));
    zombie = start(do_nothing, NULL);
    finish(zombie);
    munmap(other, sizeof *other);
}

/* ---- files that are taken away ---- */

static void delete_file(void)
{
    assert_int_equal(unlink(path), 0);
}

static void rename_file(void)
{
    char away[160];

    snprintf(away, sizeof away, "%s/away", folder);
    assert_int_equal(rename(path, away), 0);
}

static void keep_a_hard_link(void)
{
    char other[160];

    snprintf(other, sizeof other, "%s/link", folder);
    unlink(other);
    assert_int_equal(link(path, other), 0);
    assert_int_equal(unlink(path), 0);
}

/* A fresh file, as from a backup of long ago, comes to the path. */
static void replace_file(void)
{
    char other[160], command[700];

    snprintf(other, sizeof other, "%s/backup", folder);
    if (access(other, F_OK))
        return delete_file();
    snprintf(
        command, sizeof command, "cp %s %s.new && mv %s.new %s", other, other, other, path);
    assert_int_equal(system(command), 0);
}

static void delete_folder(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

/* What the file's last moment of a process between linking and removing its draft left. */
static void delete_leaving_a_draft(void)
{
    char draft[160];

    snprintf(draft, sizeof draft, "%s.%ld.new", path, (long)getpid());
    assert_int_equal(link(path, draft), 0);
    assert_int_equal(unlink(path), 0);
}

static void (*const removals[])(void) = {delete_file, rename_file, keep_a_hard_link,
    replace_file, delete_folder, delete_leaving_a_draft};

static void make_backup(void)
{
    char command[700];

    slots_file_close(open_file());
    snprintf(command, sizeof command, "cp %s %s/backup && rm %s", path, folder, path);
    assert_int_equal(system(command), 0);
}

static void test_newcomer_finds_what_is_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof removals / sizeof *removals; i++) {
        struct slots_file *file, *newcomer;
        struct slots_place place;

        make_backup();
        file = open_used();
        assert_true(take(file, LIMIT, &place));
        removals[i]();
        if (removals[i] == delete_folder)
            assert_int_equal(mkdir(folder, 0700), 0);
        newcomer = open_file();
        assert_int_equal(used(newcomer), 3);
        release(file, place, 0); /* its place is found in the new file */
        assert_int_equal(used(newcomer), 2);
        assert_int_equal(used(file), 2);
        slots_file_close(file);
        slots_file_close(newcomer);
        assert_int_equal(unlink(path), 0);
    }
}

static void test_holder_makes_the_file_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof removals / sizeof *removals; i++) {
        struct slots_file *file;
        struct slots_place place;

        make_backup();
        file = open_used();
        assert_true(take(file, LIMIT, &place));
        removals[i]();
        release(file, place, clock_ms() + HOLD_MS);
        assert_int_equal(used(file), 3);
        assert_int_equal(used_of_newcomer(), 3);
        slots_file_close(file);
        assert_int_equal(used_of_newcomer(), 3);
        assert_int_equal(unlink(path), 0);
    }
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        TEST(test_first_use_starts_at_once),
        TEST(test_memory_of_one_process),
        TEST(test_creators_at_once),
        TEST(test_unusable_paths),
        TEST(test_unwritable_folder),
        TEST(test_file_of_another_user),
        TEST(test_open_mode_is_closed),
        TEST(test_network_folders),
        TEST(test_damage_is_waited_out),
        TEST(test_wrong_length_is_waited_out),
        TEST(test_damage_is_noticed_by_holders),
        TEST(test_assume_fresh),
        TEST(test_reboot),
        TEST(test_clock_counts_suspend_and_never_steps),
        TEST(test_death_under_the_lock),
        TEST(test_who_is_alive),
        TEST(test_newcomer_finds_what_is_held),
        TEST(test_holder_makes_the_file_anew),
        TEST(test_other_files_are_left_alone),
        TEST(test_crowd_never_goes_over),
    };

    return cmocka_run_group_tests_name("slots_file", tests, NULL, NULL);
}
