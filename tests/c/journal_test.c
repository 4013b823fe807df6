/* The journal: batches, keys within a process and between processes, and what it says when it
   can't be written. */
#include "store.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { BATCH = 32 };

static const struct journal_record note = {.kind = "note", .body = "{}"};

/* ---- appending ---- */

struct seen {
    int count;
    int64_t last;
};

static bool see(void *context, const struct journal_record *record)
{
    struct seen *seen = context;

    seen->count++;
    seen->last = record->seq;
    return seen->count < 1000;
}

static int count_records(struct store *store, struct journal_filter filter)
{
    struct seen seen = {0};
    struct err err;

    assert_int_equal(journal_read(store->journal, &filter, see, &seen, &err), 0);
    return seen.count;
}

static void assert_whole(struct store *store, int64_t want)
{
    int64_t count = 0;
    struct err err = {0};

    if (journal_verify(store->journal, &count, &err))
        fail_msg("%s", err.message);
    assert_int_equal(count, want);
}

static void test_a_batch_is_one_transaction_in_order(void **state)
{
    struct store *store = *state;
    struct store_append appends[BATCH];

    for (int i = 0; i < BATCH; i++)
        store_add(store, &appends[i], note);
    assert_int_equal(count_records(store, (struct journal_filter){0}), 0);
    store_wait(store, &appends[BATCH - 1]);
    for (int i = 0; i < BATCH; i++) {
        assert_true(appends[i].ended);
        assert_int_equal(appends[i].append.record.seq, i + 1);
        assert_true(appends[i].append.record.at_ms >= appends[0].append.record.at_ms);
    }
    assert_whole(store, BATCH);
}

static void test_a_cancelled_append_is_not_written(void **state)
{
    struct store *store = *state;
    struct store_append appends[3];

    for (int i = 0; i < 3; i++)
        store_add(store, &appends[i], note);
    journal_cancel(store->journal, &appends[2].append);
    journal_cancel(store->journal, &appends[0].append);
    journal_cancel(store->journal, &appends[0].append);
    store_wait(store, &appends[1]);
    assert_false(appends[0].ended);
    assert_true(appends[1].ended);
    assert_false(appends[2].ended);
    store_append(store, note);
    assert_whole(store, 2);
}

static void test_closing_writes_what_is_queued(void **state)
{
    struct store *store = *state;
    struct store_append append;

    store_add(store, &append, note);
    store_close(store);
    assert_true(append.ended);
    store_open(store);
    assert_whole(store, 1);
}

static void test_a_deferred_record_is_synced_soon_or_with_the_next(void **state)
{
    struct store *store = *state;
    struct err err;

    store_defer(store, note);
    assert_true(journal_is_behind(store->journal));
    store_append(store, note);
    assert_false(journal_is_behind(store->journal));
    store_defer(store, note);
    store_defer(store, note);
    while (journal_is_behind(store->journal))
        assert_int_equal(loop_turn(store->loop, 10 * JOURNAL_DEFER_MS, &err), 0);
    assert_whole(store, 4);
}

static void test_records_are_found_by_their_fields(void **state)
{
    struct store *store = *state;
    int64_t intent = store_append(store, (struct journal_record){.kind = "intent",
                                             .run = "r1",
                                             .service = "s",
                                             .operation = "o",
                                             .once = "k",
                                             .content = "c"});

    store_outcome(store, intent, "k", "done");
    store_append(store, note);
    assert_int_equal(count_records(store, (struct journal_filter){0}), 3);
    assert_int_equal(count_records(store, (struct journal_filter){.kind = "note"}), 1);
    assert_int_equal(count_records(store, (struct journal_filter){.once = "k"}), 2);
    assert_int_equal(count_records(store, (struct journal_filter){.intent = intent}), 1);
    assert_int_equal(count_records(store, (struct journal_filter){.seq = 2}), 1);
    assert_int_equal(count_records(store, (struct journal_filter){.after_seq = 1}), 2);
    assert_int_equal(count_records(store, (struct journal_filter){.run = "r2"}), 0);
    assert_int_equal(count_records(store, (struct journal_filter){.to_ms = 1}), 0);
    assert_int_equal(
        count_records(store, (struct journal_filter){.service = "s", .operation = "o"}), 1);
}

static void test_the_files_are_for_their_owner_alone(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm"};
    struct store *store = *state;

    store_append(store, note);
    for (int i = 0; i < 3; i++) {
        char path[128];
        struct stat status;

        snprintf(path, sizeof path, "%s%s", store->path, names[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

/* ---- keys ---- */

static void test_a_key_goes_through_its_states(void **state)
{
    struct store *store = *state;
    int64_t intent;

    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_CLAIMED);
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_BUSY);
    assert_int_equal(store_claim(store, "other", "c"), JOURNAL_CLAIMED);
    intent = store_intent(store, "k", "c");
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_BUSY);
    store_outcome(store, intent, "k", "refused");
    assert_int_equal(store_claim(store, "k", "d"), JOURNAL_CLAIMED);
    intent = store_intent(store, "k", "d");
    store_outcome(store, intent, "k", "unknown");
    assert_int_equal(store_claim(store, "k", "d"), JOURNAL_UNKNOWN);
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_UNKNOWN);
    store_append(
        store, (struct journal_record){
                   .kind = "settled", .intent = intent, .once = "k", .outcome = "not_sent"});
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_CLAIMED);
    store_outcome(store, store_intent(store, "k", "c"), "k", "done");
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_DONE);
    assert_int_equal(store_claim(store, "k", "d"), JOURNAL_CONFLICT);
}

static void test_a_claim_that_is_given_back_is_free(void **state)
{
    struct store *store = *state;
    struct err err;

    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_CLAIMED);
    assert_int_equal(journal_unclaim(store->journal, "k", &err), 0);
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_CLAIMED);
}

/* A check that fails in a child must end the child, not go on with the parent's tests. */
static pid_t fork_test(void)
{
    pid_t pid = fork();

    if (!pid)
        setenv("CMOCKA_TEST_ABORT", "1", 1);
    return pid;
}

/* A child's own store: it dies without closing it, which is no leak while this leads there. */
static struct store own;

/* Runs `body` in another process, which dies without closing anything. */
static int in_child(struct store *store, int (*body)(struct store *store))
{
    int status;
    pid_t pid = fork_test();

    if (!pid) {
        own = *store;
        store_open(&own);
        _exit(body(&own));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int claim_in_child(struct store *store)
{
    return (int)store_claim(store, "k", "c");
}

static int claim_and_intend(struct store *store)
{
    store_claim(store, "k", "c");
    store_intent(store, "k", "c");
    return 0;
}

static void test_keys_hold_between_processes(void **state)
{
    struct store *store = *state;

    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_CLAIMED);
    assert_int_equal(in_child(store, claim_in_child), JOURNAL_BUSY);
    store_outcome(store, store_intent(store, "k", "c"), "k", "done");
    assert_int_equal(in_child(store, claim_in_child), JOURNAL_DONE);
}

static void test_a_dead_claim_is_free_and_a_dead_intent_unknown(void **state)
{
    struct store *store = *state;

    assert_int_equal(in_child(store, claim_in_child), JOURNAL_CLAIMED);
    assert_int_equal(in_child(store, claim_in_child), JOURNAL_CLAIMED);
    assert_int_equal(in_child(store, claim_and_intend), 0);
    assert_int_equal(store_claim(store, "k", "c"), JOURNAL_UNKNOWN);
    assert_whole(store, 1);
}

enum { RACERS = 4, KEYS = 50 };

static int race(struct store *store)
{
    int won = 0;

    for (int i = 0; i < KEYS; i++) {
        char once[16];

        snprintf(once, sizeof once, "race%d", i);
        if (store_claim(store, once, "c") != JOURNAL_CLAIMED)
            continue;
        store_outcome(store, store_intent(store, once, "c"), once, "done");
        won++;
    }
    return won;
}

/* Processes that want the same keys: each key is had once. */
static void test_racing_processes_share_the_keys(void **state)
{
    struct store *store = *state;
    int total = 0;

    for (int i = 0; i < RACERS; i++)
        if (!fork_test()) {
            own = *store;
            store_open(&own);
            _exit(race(&own));
        }
    for (int i = 0; i < RACERS; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    assert_int_equal(total, KEYS);
    assert_whole(store, KEYS * 2);
}

/* ---- a disk that fails ---- */

static bool write_map(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool good = file && fputs(text, file) >= 0;

    return file && fclose(file) == 0 && good;
}

/* A small disk of this process alone, where the system lets its users have one. */
static bool mount_small(const struct store *store, const char *size)
{
    char uid[32];

    snprintf(uid, sizeof uid, "0 %d 1", (int)geteuid());
    if (geteuid()
            ? unshare(CLONE_NEWUSER | CLONE_NEWNS) || !write_map("/proc/self/uid_map", uid)
            : unshare(CLONE_NEWNS))
        return false;
    return !mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) &&
           !mount("tmpfs", store->folder, "tmpfs", 0, size);
}

static void fill_until_full(struct store *store, struct err *err, int64_t *written)
{
    static char body[20000];

    memset(body, 'x', sizeof body - 1);
    for (*written = 0; *written < 10000; (*written)++)
        if (store_try_append(
                store, (struct journal_record){.kind = "note", .body = body}, err) < 0)
            return;
    fail_msg("the disk did not fill");
}

/* After the failure the journal is whole, and goes on once there is space. */
static void check_full(struct store *store, const char *advice)
{
    struct err err;
    int64_t written;

    fill_until_full(store, &err, &written);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.message, store->path));
    if (advice && !strstr(err.message, advice))
        fail_msg("%s", err.message);
    assert_whole(store, written);
    written += store_try_append(store, note, &err) > 0; /* a small one may still fit */
    assert_whole(store, written);
}

static int fill_a_small_disk(struct store *store)
{
    if (!mount_small(store, "size=600k"))
        return 77;
    store_open(store);
    check_full(store, "free some space on the disk");
    return 0;
}

/* In a process of its own, as the mount is the process's. */
static void run_apart(struct store *store, int (*body)(struct store *store))
{
    int status;
    pid_t pid = fork_test();

    own = *store;
    if (!pid)
        _exit(body(&own));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_a_full_disk_is_an_error_before_anything_is_sent(void **state)
{
    run_apart(*state, fill_a_small_disk);
}

static int fill_up_to_a_limit(struct store *store)
{
    store_open(store);
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){300000, 300000}))
        return 77;
    check_full(store, NULL);
    return 0;
}

static void test_a_file_at_its_limit_is_an_error(void **state)
{
    run_apart(*state, fill_up_to_a_limit);
}

static int open_full_disk(struct store *store)
{
    char command[160];
    struct err err;

    if (!mount_small(store, "size=16k"))
        return 77;
    snprintf(command, sizeof command, "dd if=/dev/zero of=%s/x 2>/dev/null", store->folder);
    assert_int_not_equal(system(command), 0);
    assert_int_equal(store_try_open(store, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    loop_free(store->loop);
    return 0;
}

static void test_a_journal_is_not_made_on_a_full_disk(void **state)
{
    run_apart(*state, open_full_disk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_set_up, store_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_batch_is_one_transaction_in_order),
        TEST(test_a_cancelled_append_is_not_written),
        TEST(test_closing_writes_what_is_queued),
        TEST(test_a_deferred_record_is_synced_soon_or_with_the_next),
        TEST(test_records_are_found_by_their_fields),
        TEST(test_the_files_are_for_their_owner_alone),
        TEST(test_a_key_goes_through_its_states),
        TEST(test_a_claim_that_is_given_back_is_free),
        TEST(test_keys_hold_between_processes),
        TEST(test_a_dead_claim_is_free_and_a_dead_intent_unknown),
        TEST(test_racing_processes_share_the_keys),
        TEST(test_a_full_disk_is_an_error_before_anything_is_sent),
        TEST(test_a_file_at_its_limit_is_an_error),
        TEST(test_a_journal_is_not_made_on_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
