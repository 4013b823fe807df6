/* Ends of flights that are noted in the slots' file without its lock, by processes that are
   killed, and where the file is taken away. */
#include "slots_removals.h"

static void end_and_stop(void *context)
{
    struct slots_file *file = open_file();
    struct slots_place place;

    must(take(file, LIMIT, &place), "take");
    must(slots_file_end(file, place, *(int64_t *)context), "end");
    stop_self();
}

/* What ended without the lock is held as long as it says, not as long as what the dead left. */
static void test_death_after_an_end(void **state)
{
    struct slots_file *file = open_file();
    int64_t free_ms = clock_ms() + HOLD_MS / 2;
    pid_t pid = start(end_and_stop, &free_ms);
    struct slots *slots;

    (void)state;
    await_stop(pid);
    kill_child(pid);
    slots = lock(file);
    assert_int_equal(slots->in_flight, 1);
    slots_reap(slots, slots_owner_is_alive, clock_ms() + HOLD_MS);
    assert_int_equal(slots->in_flight, 0);
    assert_int_equal(slots_used(slots, free_ms - 1), 1);
    assert_int_equal(slots_used(slots, free_ms), 0);
    slots_file_unlock(file);
    slots_file_close(file);
}

/* Nobody waits for the one who noted it. */
static void test_end_of_a_stopped_process(void **state)
{
    struct slots_file *file = open_file();
    int64_t free_ms = clock_ms();
    pid_t pid = start(end_and_stop, &free_ms);
    struct slots_place place;

    (void)state;
    await_stop(pid);
    assert_int_equal(used(file), 1);
    assert_true(take(file, 1, &place));
    assert_false(take(file, 1, &place));
    kill_child(pid);
    slots_file_close(file);
}

static int in_flight(struct slots_file *file)
{
    int count = (int)lock(file)->in_flight;

    slots_file_unlock(file);
    return count;
}

static void test_closing_settles(void **state)
{
    struct slots_file *file = open_file(), *other = open_file();
    struct slots_place place;

    (void)state;
    assert_true(take(file, LIMIT, &place));
    assert_true(slots_file_end(file, place, clock_ms() + HOLD_MS));
    assert_int_equal(in_flight(other), 1);
    slots_file_close(file);
    assert_int_equal(in_flight(other), 0);
    assert_int_equal(used(other), 1);
    slots_file_close(other);
}

/* As many as there is room for: slots_release has to tell of the others. */
static void test_many_ends(void **state)
{
    struct slots_file *file = open_file();
    struct slots_place places[200];
    int noted = 0;

    (void)state;
    for (int i = 0; i < 200; i++)
        assert_true(take(file, 200, &places[i]));
    while (noted < 200 && slots_file_end(file, places[noted], clock_ms() + HOLD_MS))
        noted++;
    assert_true(noted > 1 && noted < 200);
    assert_int_equal(in_flight(file), 200 - noted);
    assert_true(slots_file_end(file, places[noted], clock_ms() + HOLD_MS));
    assert_int_equal(used(file), 200);
    slots_file_close(file);
}

/* ---- files that are cut, or taken away ---- */

/* What is not in the file any more is not noted there. */
static void test_end_in_a_cut_file(void **state)
{
    struct slots_file *file = open_file();
    struct slots_place place;

    (void)state;
    assert_true(take(file, LIMIT, &place));
    assert_int_equal(truncate(path, 100), 0);
    assert_false(slots_file_end(file, place, clock_ms() + HOLD_MS));
    assert_int_equal(used(file), LIMIT);
    slots_file_close(file);
}

/* An end that was noted without the lock counts, whoever carries the block, and in the one that
   it went to there is one flight less: when it went there after the end ... */
static void test_end_before_a_removal_is_carried(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * REMOVALS; i++) {
        struct slots_place place;
        struct slots_file *file = open_taken(&place), *newcomer;

        assert_true(slots_file_end(file, place, clock_ms() + HOLD_MS));
        take_away(i / 2);
        if (i % 2)
            slots_file_settle(file);
        newcomer = open_file();
        assert_int_equal(used(newcomer), 3);
        assert_int_equal(used(file), 3);
        assert_int_equal(in_flight(newcomer), 1);
        slots_file_close(file);
        slots_file_close(newcomer);
        renew();
    }
}

/* ... and before. */
static void test_end_after_a_removal_is_carried(void **state)
{
    (void)state;
    for (size_t i = 0; i < REMOVALS; i++) {
        struct slots_place place;
        struct slots_file *file = open_taken(&place), *newcomer;

        take_away(i);
        newcomer = open_file();
        assert_true(slots_file_end(file, place, clock_ms() + HOLD_MS));
        assert_int_equal(in_flight(newcomer), 2);
        slots_file_settle(file);
        assert_int_equal(used(newcomer), 3);
        assert_int_equal(in_flight(newcomer), 1);
        slots_file_close(file);
        slots_file_close(newcomer);
        renew();
    }
}

/* The flight comes back with its file, after its end was noted in that. */
static void test_end_noted_in_a_file_that_is_moved_back(void **state)
{
    struct slots_file *file = open_file(), *second = open_file(), *other;
    struct slots_place place;
    char away[160];

    (void)state;
    snprintf(away, sizeof away, "%s/away", folder);
    assert_true(take(file, LIMIT, &place));
    rename_file();
    other = open_file();
    assert_true(slots_file_end(file, place, clock_ms() + HOLD_MS));
    assert_int_equal(rename(away, path), 0);
    assert_true(used(second) >= 1);
    slots_file_settle(file);
    assert_int_equal(in_flight(file), 0);
    assert_true(used(other) >= 1);
    slots_file_close(other);
    slots_file_close(second);
    slots_file_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_folder)
        TEST(test_death_after_an_end),
        TEST(test_end_of_a_stopped_process),
        TEST(test_closing_settles),
        TEST(test_many_ends),
        TEST(test_end_in_a_cut_file),
        TEST(test_end_before_a_removal_is_carried),
        TEST(test_end_after_a_removal_is_carried),
        TEST(test_end_noted_in_a_file_that_is_moved_back),
    };

    return cmocka_run_group_tests_name("slots_ends", tests, NULL, NULL);
}
