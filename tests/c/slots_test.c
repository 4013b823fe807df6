/* The log of slots at its full size; slots_model_test.c explores a small one. */
#include "core/slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/slots_budget.h"
#include "core/slots_ends.h"
#include "core/slots_queue.h"

enum { NOW = 1000, WINDOW = 100 };

static const struct slots_owner me = {1, 1};

static int set_up(void **state)
{
    struct slots *slots = malloc(sizeof *slots);

    if (!slots)
        return -1;
    slots_init(slots, &(struct slots_start){.boot_id = "this", .first_id = 1});
    *state = slots;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct slots_place take(struct slots *slots, int limit, int64_t now_ms)
{
    struct slots_place place;

    assert_true(slots_take(slots, limit, now_ms, me, &place));
    return place;
}

/* The largest limit, again and again, the log wrapping round. */
static void test_largest_limit(void **state)
{
    struct slots *slots = *state;

    for (int64_t now = NOW; now < NOW + 3 * WINDOW; now += WINDOW) {
        struct slots_place place;

        for (int i = 0; i < SLOTS_ENDED_MAX; i++)
            slots_release(slots, take(slots, SLOTS_ENDED_MAX, now), now + WINDOW);
        assert_false(slots_take(slots, SLOTS_ENDED_MAX, now, me, &place));
        assert_true(slots_is_sound(slots, now, WINDOW));
        assert_int_equal(slots_used(slots, now + WINDOW - 1), SLOTS_ENDED_MAX);
    }
    assert_int_equal(slots_used(slots, NOW + 3 * WINDOW), 0);
}

/* The places in flight bound what is sent at once, whatever the limit. */
static void test_flights_are_bounded(void **state)
{
    struct slots *slots = *state;
    struct slots_place first = take(slots, SLOTS_ENDED_MAX, NOW), place;

    for (int i = 1; i < SLOTS_FLIGHT_MAX; i++)
        take(slots, SLOTS_ENDED_MAX, NOW);
    assert_false(slots_take(slots, SLOTS_ENDED_MAX, NOW, me, &place));
    assert_int_equal(slots->in_flight, SLOTS_FLIGHT_MAX);
    slots_release(slots, first, 0);
    slots_release(slots, first, 0); /* once only */
    assert_int_equal(slots->in_flight, SLOTS_FLIGHT_MAX - 1);
    take(slots, SLOTS_ENDED_MAX, NOW);
}

/* Requests end in another order than they free their slots in. */
static void test_ends_are_sorted(void **state)
{
    struct slots *slots = *state;

    srand(1);
    for (int i = 0; i < 1000; i++)
        slots_release(slots, take(slots, 1000, NOW), NOW + 1 + rand() % WINDOW);
    assert_true(slots_is_sound(slots, NOW, WINDOW));
    for (int64_t now = NOW, before = 1000; now <= NOW + WINDOW; now++) {
        int used = slots_used(slots, now);

        assert_true(used <= before);
        before = used;
    }
    assert_int_equal(slots_used(slots, NOW + WINDOW), 0);
}

static void test_due(void **state)
{
    struct slots *slots = *state;

    assert_int_equal(slots_due_ms(slots, 2, 0, NOW, WINDOW), NOW);
    slots_release(slots, take(slots, 2, NOW), NOW + 10);
    slots_release(slots, take(slots, 2, NOW), NOW + 20);
    assert_int_equal(slots_due_ms(slots, 2, 0, NOW, WINDOW), NOW + 10);
    assert_int_equal(slots_due_ms(slots, 2, 1, NOW, WINDOW), NOW + 20);
    assert_int_equal(slots_due_ms(slots, 2, 2, NOW, WINDOW), NOW + 10 + WINDOW);
    take(slots, 3, NOW);
    assert_int_equal(
        slots_due_ms(slots, 3, 2, NOW, WINDOW), NOW + WINDOW); /* at the earliest */
    slots_pause(slots, NOW + 15);
    assert_int_equal(slots_due_ms(slots, 3, 0, NOW, WINDOW), NOW + 15);
    assert_int_equal(slots_due_ms(slots, 0, 9, NOW, WINDOW), NOW + 15);
    slots_pause(slots, NOW + 5); /* only ever later */
    assert_int_equal(slots->paused_until_ms, NOW + 15);
}

static void test_pause_grants_nothing(void **state)
{
    struct slots *slots = *state;
    struct slots_place place;

    slots_pause(slots, NOW + 1);
    assert_false(slots_take(slots, 1, NOW, me, &place));
    assert_true(slots_take(slots, 1, NOW + 1, me, &place));
}

static void test_queue_is_bounded_and_ordered(void **state)
{
    struct slots *slots = *state;
    struct slots_place places[SLOTS_WAITERS_MAX], place;

    for (int i = 0; i < SLOTS_WAITERS_MAX; i++) /* pairs of one key, the latest first */
        assert_true(slots_queue_enter(slots, NOW - i / 2, NOW, me, &places[i]));
    assert_false(slots_queue_enter(slots, 0, NOW, me, &place));
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        assert_int_equal(
            slots_queue_rank(slots, places[i], NOW), SLOTS_WAITERS_MAX - 2 - i / 2 * 2 + i % 2);
    slots_queue_leave(slots, places[0]);
    slots_queue_leave(slots, places[0]);
    assert_int_equal(slots->waiting, SLOTS_WAITERS_MAX - 1);
    assert_false(slots_queue_has(slots, places[0]));
}

/* A waiter whose process does not look any more holds up nobody, and has its place when it
   looks. */
static void test_unseen_waiter(void **state)
{
    struct slots *slots = *state;
    struct slots_place first, second;
    int64_t later = NOW + SLOTS_QUEUE_SEEN_MS + 1;

    assert_true(slots_queue_enter(slots, 1, NOW, me, &first));
    assert_true(slots_queue_enter(slots, 2, NOW, me, &second));
    assert_int_equal(slots_queue_rank(slots, second, later - 1), 1);
    assert_int_equal(slots_queue_rank(slots, second, later), 0);
    slots_queue_see(slots, first, later);
    assert_int_equal(slots_queue_rank(slots, second, later), 1);
}

/* In one way or the other. */
static void end(struct slots *slots, struct slots_place place, int64_t free_ms)
{
    if (rand() % 2)
        slots_release(slots, place, free_ms);
    else
        assert_true(slots_ends_note(slots, place, free_ms));
}

static bool is_not_me(struct slots_owner owner)
{
    return owner.pid != me.pid;
}

/* Whatever is on the disk when the power fails, since slots_reserve asked for it, tells of as
   many slots as are used. */
static void test_reserve(void **state)
{
    struct slots *slots = *state, *disk = malloc(sizeof *disk), *after = malloc(sizeof *after);
    int syncs = 0;

    assert_non_null(disk);
    assert_non_null(after);
    *disk = *slots;
    srand(1);
    for (int64_t now = NOW; now < NOW + 10000; now++) {
        struct slots_place place;

        if (slots_reserve(slots, 100, now, now + WINDOW)) {
            *disk = *slots;
            syncs++;
        }
        if (slots_take(slots, 100, now, me, &place) && rand() % 10)
            end(slots, place, now + WINDOW / (1 + rand() % 10));
        else if (rand() % 2)
            slots_reap(slots, is_not_me, now + WINDOW);
        *after = *disk;
        slots_reboot(after, "next", 1);
        assert_true(slots_used(after, 0) >= slots_used(slots, now));
    }
    printf("# %d syncs\n", syncs);
    assert_true(syncs > 0 && syncs < 100);
    assert_true(slots->reserved <= 100);
    free(after);
    free(disk);
}

/* It is in flight for all that looks no closer, and makes room where there is no other. */
static void test_noted_end(void **state)
{
    struct slots *slots = *state;
    struct slots_place place = take(slots, 2, NOW), other = take(slots, 2, NOW);

    assert_true(slots_flies(slots, place));
    assert_true(slots_ends_note(slots, place, NOW + WINDOW));
    assert_false(slots_flies(slots, place));
    assert_int_equal(slots->in_flight, 2);
    assert_true(slots_is_sound(slots, NOW, WINDOW));
    assert_int_equal(slots_due_ms(slots, 2, 0, NOW, 10 * WINDOW), NOW + WINDOW);
    assert_int_equal(slots->in_flight, 1);
    assert_false(slots_take(slots, 2, NOW + WINDOW - 1, me, &place));
    assert_true(slots_ends_note(slots, other, NOW + WINDOW));
    assert_false(slots_take(slots, 2, NOW + WINDOW - 1, me, &place));
    take(slots, 2, NOW + WINDOW);
    take(slots, 2, NOW + WINDOW);
}

/* Of flights that are not, or no longer, in the block, and while that is made anew. */
static void test_end_that_cannot_be_noted(void **state)
{
    struct slots *slots = *state;
    struct slots_place place = take(slots, 9, NOW), next;

    slots_release(slots, place, 0);
    assert_false(slots_ends_note(slots, place, NOW + WINDOW));
    while ((next = take(slots, SLOTS_FLIGHT_MAX, NOW)).index != place.index)
        ;
    assert_false(slots_ends_note(slots, place, NOW + WINDOW));
    assert_true(slots_flies(slots, next));
    assert_true(slots_ends_note(slots, next, NOW + WINDOW));
    assert_false(slots_ends_note(slots, next, NOW + WINDOW));
    next = take(slots, SLOTS_ENDED_MAX, NOW);
    slots_ends_refuse(slots);
    assert_false(slots_ends_note(slots, next, NOW + WINDOW));
}

/* All of them, and no more; the dead's as they noted them. */
static void test_settling(void **state)
{
    struct slots *slots = *state;
    struct slots_place places[5];

    for (int i = 0; i < 5; i++)
        places[i] = take(slots, 9, NOW);
    for (int i = 1; i < 5; i++)
        assert_true(slots_ends_note(slots, places[i], NOW + i));
    slots_ends_settle_at(slots, places[0].index);
    slots_ends_settle_at(slots, places[4].index);
    assert_int_equal(slots->in_flight, 4);
    slots_ends_settle(slots);
    assert_int_equal(slots->in_flight, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(slots_used(slots, NOW + i), 5 - i);
    assert_true(slots_ends_note(slots, places[0], NOW + 10));
    slots_reap(slots, is_not_me, NOW + WINDOW);
    assert_int_equal(slots_used(slots, NOW + 9), 1);
    assert_int_equal(slots_used(slots, NOW + 10), 0);
}

/* What cannot be: neither by a bit of a ticket, nor by the next one. */
static void test_ends_that_are_not_sound(void **state)
{
    struct slots *slots = *state;
    struct slots_place place = take(slots, 9, NOW);

    assert_true(slots_ends_note(slots, place, INT64_C(1) << 60));
    assert_false(slots_is_sound(slots, NOW, WINDOW));
    slots->flights[place.index].ticket = place.ticket;
    assert_true(slots_is_sound(slots, NOW, WINDOW));
    slots->next_id |= UINT64_C(1) << 63;
    assert_false(slots_is_sound(slots, NOW, WINDOW));
}

/* What two blocks held is held by one, each flight once, where its owner finds it. */
static void test_merge(void **state)
{
    struct slots *slots = *state, *other = malloc(sizeof *other);
    struct slots_place mine = take(slots, 9, NOW), theirs;

    assert_non_null(other);
    slots_init(other, &(struct slots_start){.boot_id = "this", .first_id = 7001});
    slots_release(other, take(other, 9, NOW), NOW + 50);
    theirs = take(other, 9, NOW);
    slots_pause(other, NOW + 5);
    slots_merge(slots, other, NOW + WINDOW);
    assert_int_equal(slots_used(slots, NOW), 3);
    assert_int_equal(slots->paused_until_ms, NOW + 5);
    slots_release(slots, theirs, 0);
    slots_release(slots, mine, 0);
    assert_int_equal(slots_used(slots, NOW), 1);
    assert_int_equal(slots_used(slots, NOW + 50), 0);
    free(other);
}

/* An end that was noted is carried as one; one noted too late for that is ended there. */
static void test_merge_of_noted_ends(void **state)
{
    struct slots *slots = *state, *other = malloc(sizeof *other);
    struct slots_place early, late;

    assert_non_null(other);
    slots_init(other, &(struct slots_start){.boot_id = "this", .first_id = 7001});
    early = take(other, 9, NOW);
    late = take(other, 9, NOW);
    assert_true(slots_ends_note(other, early, NOW + 10));
    slots_merge(slots, other, NOW + WINDOW);
    slots_depart(other);
    assert_true(slots_ends_note(other, late, NOW + 20));
    assert_false(slots_flies(slots, early));
    assert_true(slots_flies(slots, late));
    assert_int_equal(slots->in_flight, 1);
    slots_salvage(slots, other, me.pid, is_not_me, NOW + WINDOW);
    slots_release(slots, late, NOW + 20);
    assert_int_equal(slots_used(slots, NOW + 9), 2);
    assert_int_equal(slots_used(slots, NOW + 19), 1);
    assert_int_equal(slots_used(slots, NOW + 20), 0);
    free(other);
}

static bool is_alive_but_dead(struct slots_owner owner)
{
    return owner.pid != 3;
}

static struct slots *make_carried(struct slots_place *mine)
{
    struct slots *carried = malloc(sizeof *carried);
    struct slots_place place;

    assert_non_null(carried);
    slots_init(carried, &(struct slots_start){.boot_id = "this", .first_id = 7001});
    slots_release(carried, take(carried, 9, NOW), NOW + 50);
    *mine = take(carried, 9, NOW);
    assert_true(slots_take(carried, 9, NOW, (struct slots_owner){.pid = 2}, &place));
    assert_true(slots_take(carried, 9, NOW, (struct slots_owner){.pid = 3}, &place));
    return carried;
}

/* From a block that went elsewhere before, that is lost: what ended, what the dead held, and
   what its holder has in flight. What others have they tell themselves. */
static void test_salvage(void **state)
{
    struct slots *slots = *state;
    struct slots_place mine;
    struct slots *carried = make_carried(&mine);

    for (int i = 0; i < 2; i++) {
        slots_salvage(slots, carried, me.pid, is_alive_but_dead, NOW + WINDOW);
        assert_int_equal(slots_used(slots, NOW), 3);
    }
    slots_salvage(slots, carried, 2, is_alive_but_dead, NOW + WINDOW);
    assert_int_equal(slots->in_flight, 2);
    slots_release(slots, mine, 0);
    assert_int_equal(slots_used(slots, NOW), 3);
    assert_int_equal(slots_used(slots, NOW + 50), 2);
    assert_int_equal(slots_used(slots, NOW + WINDOW), 1);
    free(carried);
}

/* Whoever noted the ends, and whether he lives. */
static void test_salvage_of_noted_ends(void **state)
{
    struct slots *slots = *state;
    struct slots_place mine;
    struct slots *carried = make_carried(&mine);

    for (uint32_t i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (carried->flights[i].ticket)
            assert_true(slots_ends_note(
                carried, (struct slots_place){i, carried->flights[i].ticket}, NOW + 60));
    for (int i = 0; i < 2; i++) {
        slots_salvage(slots, carried, me.pid, is_alive_but_dead, NOW + WINDOW);
        assert_int_equal(slots->in_flight, 0);
        assert_int_equal(slots_used(slots, NOW), 4);
    }
    assert_int_equal(slots_used(slots, NOW + 50), 3);
    assert_int_equal(slots_used(slots, NOW + 60), 0);
    free(carried);
}

/* That is not lost: nothing new, also over several steps. */
static void test_salvage_of_an_ancestor(void **state)
{
    struct slots *slots = *state, *between = malloc(sizeof *between);
    struct slots_place mine;
    struct slots *carried = make_carried(&mine);

    assert_non_null(between);
    slots_init(between, &(struct slots_start){.boot_id = "this", .first_id = 90001});
    slots_merge(between, carried, NOW + WINDOW);
    slots_merge(slots, between, NOW + WINDOW);
    assert_int_equal(slots_used(slots, NOW), 4);
    slots_salvage(slots, carried, me.pid, is_alive_but_dead, NOW + WINDOW);
    slots_salvage(slots, between, me.pid, is_alive_but_dead, NOW + WINDOW);
    assert_int_equal(slots_used(slots, NOW), 4);
    free(between);
    free(carried);
}

static void test_budget(void **state)
{
    struct slots *slots = *state;

    for (int i = 0; i < SLOTS_BUDGET_FIRST / SLOTS_BUDGET_COST; i++)
        assert_true(slots_budget_spend(slots));
    assert_false(slots_budget_spend(slots));
    for (int i = 0; i < 2 * SLOTS_BUDGET_MAX; i++)
        slots_budget_earn(slots);
    assert_int_equal(slots->retry_budget, SLOTS_BUDGET_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        TEST(test_largest_limit),
        TEST(test_flights_are_bounded),
        TEST(test_ends_are_sorted),
        TEST(test_due),
        TEST(test_pause_grants_nothing),
        TEST(test_queue_is_bounded_and_ordered),
        TEST(test_unseen_waiter),
        TEST(test_reserve),
        TEST(test_noted_end),
        TEST(test_end_that_cannot_be_noted),
        TEST(test_settling),
        TEST(test_ends_that_are_not_sound),
        TEST(test_merge),
        TEST(test_merge_of_noted_ends),
        TEST(test_salvage),
        TEST(test_salvage_of_noted_ends),
        TEST(test_salvage_of_an_ancestor),
        TEST(test_budget),
    };

    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
