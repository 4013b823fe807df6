/* The file of the slots: real files, opened, damaged, and of another boot. */
#include "core/slots_file.h"

#include <linux/magic.h>
#include <stddef.h>

#include "slots_shared.h"
#include "core/volume.h"

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
        renew();
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
    assert_non_null(strstr(message, "not a plain file"));
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_non_null(strstr(message, "not a plain file"));
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(kind_of_open(message), ERR_CONFIG);
    assert_non_null(strstr(message, "not a plain file"));
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
    assert_true(volume_is_network_type(NFS_SUPER_MAGIC));
    assert_true(volume_is_network_type(SMB2_SUPER_MAGIC));
    assert_true(volume_is_network_type((unsigned long)(int32_t)0xff534d42));
    assert_true(volume_is_network_type(V9FS_MAGIC));
    assert_false(volume_is_network_type(EXT4_SUPER_MAGIC));
    assert_false(volume_is_network_type(TMPFS_MAGIC));
    assert_false(volume_is_network_type(BTRFS_SUPER_MAGIC));
    assert_false(volume_is_network_type(XFS_SUPER_MAGIC));
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
        renew();
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
        renew();
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
        renew();
    }
}

/* A process goes on, and knows that what it took is not in the file: a slot that it may count
   on was seen to be free in what is left. */
static void test_cut_while_it_is_used(void **state)
{
    (void)state;
    for (off_t length = 0; length < (off_t)sizeof(struct slots); length += 50000) {
        const off_t flights = offsetof(struct slots, flights);
        struct slots_file *file = open_used();
        struct slots *slots = lock(file);
        struct slots_place place;

        assert_int_equal(truncate(path, length), 0);
        if (slots_take(slots, LIMIT, clock_ms(), slots_owner_self(), &place))
            assert_true(!slots_file_is_whole(file) || length > flights);
        slots_reap(slots, slots_owner_is_alive, 1);
        slots_queue_see(slots, (struct slots_place){SLOTS_WAITERS_MAX - 1, 1}, 1);
        assert_false(slots_file_is_whole(file));
        slots_file_unlock(file);
        expect_waits_out(file);
        assert_true(slots_file_is_whole(file));
        slots_file_close(file);
        renew();
    }
}

static void test_assume_fresh(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        spec.assume_fresh = true;
        slots_file_close(open_used());
        edit(damages[i]);
        assert_int_equal(used_of_newcomer(), 0);
        renew();
    }
    spec.assume_fresh = true;
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

/* Whatever was sent before this boot counts until a window after it, on the boot's clock: time
   that passed while the machine was off is not known, and that much is known of it. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_folder)
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
        TEST(test_cut_while_it_is_used),
        TEST(test_assume_fresh),
        TEST(test_reboot),
        TEST(test_clock_counts_suspend_and_never_steps),
    };

    return cmocka_run_group_tests_name("slots_file", tests, NULL, NULL);
}
