/* The chain: whatever is done to the file behind the journal's back is found; cutting keeps the
   rest verifiable. */
#include "store.h"

#include "core/clock.h"

enum { RECORDS = 6 };

static void fill(struct store *store)
{
    static const char *const bodies[RECORDS] = {
        "{\"a\":1}", NULL, "", "{\"a\":\"2:x\\n\"}", "{\"a\":3}", "{\"a\":4}"};

    for (int i = 0; i < RECORDS; i++)
        store_append(store, (struct journal_record){.kind = "note", .body = bodies[i]});
}

static int set_up(void **state)
{
    store_set_up(state);
    fill(*state);
    return 0;
}

static int64_t verified(struct store *store)
{
    int64_t count = -1;
    struct err err;

    if (journal_verify(store->journal, &count, &err))
        fail_msg("%s", err.message);
    return count;
}

static void assert_broken(struct store *store, const char *how)
{
    int64_t count;
    struct err err = {0};

    assert_int_equal(journal_verify(store->journal, &count, &err), -1);
    assert_int_equal(err.kind, ERR_DECODE);
    if (!strstr(err.message, how))
        fail_msg("\"%s\" does not say \"%s\"", err.message, how);
}

static void test_an_untouched_journal_verifies(void **state)
{
    assert_int_equal(verified(*state), RECORDS);
}

static void test_an_empty_journal_verifies(void **state)
{
    assert_int_equal(verified(*state), 0);
}

static void test_every_change_is_found(void **state)
{
    static const struct {
        const char *sql, *how;
    } rows[] = {
        {"UPDATE record SET body = '{}' WHERE seq = 3", "record 3 was changed"},
        {"UPDATE record SET body = NULL WHERE seq = 3", "record 3 was changed"},
        {"UPDATE record SET body = '' WHERE seq = 2", "record 2 was changed"},
        {"UPDATE record SET at_ms = at_ms + 1 WHERE seq = 1", "record 1 was changed"},
        {"UPDATE record SET kind = 'run' WHERE seq = 2", "record 2 was changed"},
        {"UPDATE record SET run = 'x' WHERE seq = 6", "record 6 was changed"},
        {"UPDATE record SET intent = 1 WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET service = 'x' WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET operation = 'x' WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET once = 'x' WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET content = 'x' WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET outcome = 'done' WHERE seq = 4", "record 4 was changed"},
        {"UPDATE record SET hash = 'x' WHERE seq = 5", "record 5 was changed"},
        {"DELETE FROM record WHERE seq = 3", "record 3 is missing"},
        {"DELETE FROM record WHERE seq = 1", "record 1 is missing"},
        {"DELETE FROM record WHERE seq > 4", "record 5 is missing"},
        {"DELETE FROM record", "record 1 is missing"},
        {"UPDATE record SET seq = 99 WHERE seq = 3; UPDATE record SET seq = 3 WHERE seq = 4;"
         "UPDATE record SET seq = 4 WHERE seq = 99",
            "record 3 was changed, or stands in another place"},
        {"INSERT INTO record SELECT 7, at_ms, kind, run, intent, service, operation, once, "
         "content, outcome, body, hash FROM record WHERE seq = 6",
            "record 7 was changed"},
        {"UPDATE chain SET seq = 5 WHERE place = 1", "record 6 is not the newest"},
        {"UPDATE chain SET hash = 'x' WHERE place = 1", "record 6 is not the newest"},
        {"UPDATE chain SET seq = 1 WHERE place = 0", "record 2 is missing"},
        {"UPDATE chain SET hash = 'x' WHERE place = 0", "record 1 was changed"},
        {"DELETE FROM chain", "lost the ends of its chain"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store store;

        store_make_folder(&store);
        store_open(&store);
        fill(&store);
        store_execute(&store, rows[i].sql);
        assert_broken(&store, rows[i].how);
        store_close(&store);
        store_remove(&store);
    }
    (void)state;
}

/* A key that the index does not show would be free again. */
static void test_a_lost_key_is_found(void **state)
{
    struct store *store = *state;

    store_execute(store,
        "CREATE TABLE other (once TEXT); CREATE INDEX i ON other (once);"
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = "
        "(SELECT rootpage FROM sqlite_schema WHERE name = 'i') "
        "WHERE name = 'record_once'; DELETE FROM sqlite_schema WHERE name = 'i'");
    store_close(store);
    store_open(store);
    assert_broken(store, "fails its integrity check");
}

/* Fields that hold what separates fields. */
static void test_moved_text_is_found(void **state)
{
    struct store *store = *state;

    store_append(store, (struct journal_record){.kind = "a", .run = "b\n1:c"});
    store_execute(store, "UPDATE record SET kind = 'a' || char(10) || '1:b', run = 'c'");
    assert_broken(store, "record 1 was changed");
}

static void test_appending_goes_on_from_the_last_record(void **state)
{
    struct store *store = *state;

    store_close(store);
    store_open(store);
    assert_int_equal(store_append(store, (struct journal_record){.kind = "note"}), RECORDS + 1);
    assert_int_equal(verified(store), RECORDS + 1);
}

/* Who verifies waits for nobody who writes, and the other way round. */
static void test_verifying_waits_for_nobody(void **state)
{
    struct store *store = *state;
    int64_t before = clock_ms();
    sqlite3 *db;

    assert_int_equal(sqlite3_open(store->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(verified(store), RECORDS);
    assert_true(clock_ms() - before < 5000);
    sqlite3_close(db);
}

/* ---- cutting ---- */

static int64_t prune(struct store *store, int64_t before_ms)
{
    int64_t count = -1;
    struct err err;

    if (journal_prune(store->journal, before_ms, &count, &err))
        fail_msg("%s", err.message);
    return count;
}

static void test_pruning_keeps_the_rest_verifiable(void **state)
{
    struct store *store = *state;

    assert_int_equal(prune(store, 1000), 0);
    assert_int_equal(prune(store, clock_wall_ms() + 1000), RECORDS);
    assert_int_equal(verified(store), 0);
    assert_int_equal(store_append(store, (struct journal_record){.kind = "note"}), RECORDS + 1);
    assert_int_equal(verified(store), 1);
    assert_int_equal(prune(store, clock_wall_ms() + 1000), 1);
    assert_int_equal(prune(store, clock_wall_ms() + 1000), 0);
}

static void test_a_pruned_tail_is_still_a_cut_one(void **state)
{
    struct store *store = *state;

    prune(store, clock_wall_ms() + 1000);
    fill(store);
    store_execute(store, "DELETE FROM record WHERE seq = 7");
    assert_broken(store, "record 7 is missing");
}

/* What is not settled is kept, and with it all that came later. */
static void test_pruning_stops_at_what_is_open(void **state)
{
    struct store *store = *state;
    int64_t intent, later = clock_wall_ms() + 60000;

    store_outcome(store, store_intent(store, "k1", "c"), "k1", "done");
    intent = store_intent(store, "k2", "c");
    store_outcome(store, store_intent(store, "k3", "c"), "k3", "done");
    assert_int_equal(prune(store, later), RECORDS + 2);
    store_outcome(store, intent, "k2", "unknown");
    assert_int_equal(prune(store, later), 0);
    assert_int_equal(store_claim(store, "k2", "c"), JOURNAL_UNKNOWN);
    store_outcome(store, intent, "k2", "done");
    assert_int_equal(verified(store), 5);
    assert_int_equal(prune(store, later), 5);
    assert_int_equal(verified(store), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_an_untouched_journal_verifies, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_an_empty_journal_verifies, store_set_up, store_tear_down),
        cmocka_unit_test(test_every_change_is_found),
        cmocka_unit_test_setup_teardown(test_a_lost_key_is_found, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_moved_text_is_found, store_set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_appending_goes_on_from_the_last_record, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_verifying_waits_for_nobody, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_pruning_keeps_the_rest_verifiable, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_pruned_tail_is_still_a_cut_one, set_up, store_tear_down),
        cmocka_unit_test_setup_teardown(
            test_pruning_stops_at_what_is_open, set_up, store_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
