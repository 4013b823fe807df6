/* The log of slots, explored exhaustively on a small model: processes that take, release, queue
   up, reap and die, at any store inside of any call too, in every order, until no new state
   turns up. What they call is compiled as for ThreadSanitizer: the compiler then announces each store,
   to the functions below instead of that library's. What the service may count is kept apart,
   as `truth`.

   Time goes in ticks (of 1 ms). States are kept relative to the present and to the tickets in
   use, and processes are alike, so there are finitely many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/slots_queue.h"
#include "slots_model.h"

static int limit;
static int remains_max; /* states with more left by the dead are not looked into */
/* ---- what must hold in each state ---- */

static void check_counts(const struct state *state)
{
    expect(truth_at(state, state->now) <= limit, "over the limit");
    for (int64_t at = state->now; at <= state->now + HELD_MAX; at++) {
        int held = held_at(&state->slots, at), needed = truth_at(state, at);

        expect(held >= needed, "too little is held");
        expect(!state->exact || held == needed, "too much is held though nobody died");
    }
    expect(slots_is_sound(&state->slots, state->now, HELD_MAX), "a block that is not sound");
}

static void check_flights(const struct state *state)
{
    int owned[DEAD + 1] = {0};

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (state->slots.flights[i].ticket)
            owned[state->slots.flights[i].owner.pid]++;
    for (int i = 0; i < PROCESSES; i++) {
        const struct process *process = &state->processes[i];

        expect(owned[i + 1] == process->flights,
            "a flight without its process, or without its place");
        for (int j = 0; j < process->flights; j++)
            expect(state->slots.flights[process->flight[j].index].ticket ==
                       process->flight[j].ticket,
                "a flight is not in its place");
    }
}

static void check_waiters(const struct state *state)
{
    int owned[DEAD + 1] = {0};

    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        if (state->slots.waiters[i].id)
            owned[state->slots.waiters[i].owner.pid]++;
    for (int i = 0; i < PROCESSES; i++) {
        const struct process *process = &state->processes[i];
        int rank;

        expect(owned[i + 1] == process->waits,
            "a waiter without its process, or without its place");
        if (!process->waits)
            continue;
        expect(slots_queue_has(&state->slots, process->waiter), "a waiter is not in its place");
        rank = slots_queue_rank(&state->slots, process->waiter, state->now);
        expect(rank >= waiters_in_front(state, i), "a waiter is served before its turn");
        expect(rank <= waiters_in_front(state, i) + owned[DEAD], "a waiter is forgotten");
    }
}

/* Nothing is lost: once the dead are found and time has passed, what is left is what lives. */
static void check_recovery(const struct state *state)
{
    struct slots slots = state->slots;
    int flights = 0, waiters = 0;

    for (int i = 0; i < PROCESSES; i++) {
        flights += state->processes[i].flights;
        waiters += state->processes[i].waits;
    }
    slots_reap(&slots, is_alive, state->now + HELD_MAX);
    for (int64_t at = state->now; at <= state->now + HELD_MAX; at++)
        expect(held_at(&slots, at) >= truth_at(state, at), "too little is held after reaping");
    expect((int)slots.waiting == waiters, "the queue is counted wrong after reaping");
    expect(slots_used(&slots, state->now + HELD_MAX) == flights, "a slot is lost");
}

/* Dying at any store of a reboot leaves either no block, or one that holds as much as
   before. */
static void check_reboot(const struct state *state)
{
    const int64_t free_ms = 1 + WINDOW + GUARD; /* on the new boot's clock */
    volatile bool died = true;

    for (volatile int stores = 0; died; stores++) {
        struct slots slots = state->slots;

        died = true;
        death.from = (const char *)&slots;
        death.to = death.from + sizeof slots;
        death.left = stores;
        if (!setjmp(death.out)) {
            slots_reboot(&slots, "next", free_ms);
            died = false;
        }
        death.left = -1;
        if (slots_is_block(&slots) && !strcmp(slots.boot_id, "this"))
            slots_reboot(&slots, "next", free_ms);
        if (slots_is_block(&slots))
            expect(held_at(&slots, free_ms - 1) >= truth_at(state, state->now) &&
                       slots_is_sound(&slots, 0, free_ms),
                "a reboot forgets slots");
    }
}

/* Dying at any store of a merge, and doing it again, holds no less than before. */
static void check_merge(const struct state *state)
{
    struct slots_start start = {.boot_id = "this", .first_id = 100};
    volatile bool died = true;

    for (volatile int stores = 0; died; stores++) {
        struct slots slots;

        slots_init(&slots, &start);
        died = true;
        death.from = (const char *)&slots;
        death.to = death.from + sizeof slots;
        death.left = stores;
        if (!setjmp(death.out)) {
            slots_merge(&slots, &state->slots, state->now + HELD_MAX);
            died = false;
        }
        death.left = -1;
        if (died)
            slots_merge(&slots, &state->slots, state->now + HELD_MAX);
        for (int64_t at = state->now; at <= state->now + HELD_MAX; at++)
            expect(held_at(&slots, at) >= truth_at(state, at), "a merge forgets slots");
        for (int i = 0; i < PROCESSES; i++)
            for (int j = 0; j < state->processes[i].flights; j++)
                slots_release(&slots, state->processes[i].flight[j], 0);
        slots_reap(&slots, is_alive, state->now + HELD_MAX);
        expect(slots_used(&slots, state->now + HELD_MAX) == 0, "a merge loses a slot");
    }
}

static void check_state(const struct state *state)
{
    check_counts(state);
    check_flights(state);
    check_waiters(state);
    check_recovery(state);
    check_reboot(state);
    check_merge(state);
}

/* ---- the set of states ---- */

static struct {
    struct key *keys; /* in the order of their discovery */
    uint32_t *table;  /* 1 + index of a key; 0: free */
    size_t count, size;
} set;

static uint64_t hash(const struct key *key)
{
    uint64_t sum = 14695981039346656037u;

    for (int i = 0; i < KEY_BYTES; i++)
        sum = (sum ^ key->bytes[i]) * 1099511628211u;
    return sum ^ sum >> 29;
}

static uint32_t *slot_of(const struct key *key)
{
    size_t at = hash(key) & (set.size - 1);

    while (set.table[at] && memcmp(&set.keys[set.table[at] - 1], key, sizeof *key) != 0)
        at = (at + 1) & (set.size - 1);
    return &set.table[at];
}

static void grow_set(void)
{
    set.size = set.size ? 2 * set.size : SET_MIN;
    free(set.table);
    set.table = calloc(set.size, sizeof *set.table);
    set.keys = realloc(set.keys, set.size / 2 * sizeof *set.keys);
    assert_true(set.table && set.keys);
    for (size_t i = 0; i < set.count; i++)
        *slot_of(&set.keys[i]) = (uint32_t)i + 1;
}

static void free_set(void)
{
    free(set.table);
    free(set.keys);
    memset(&set, 0, sizeof set);
}

/* What the dead left: flights, waiters, and counts that are too high. */
static int remains_of(const struct slots *slots)
{
    int alive = 0;

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        alive += slots->flights[i].ticket && is_alive(slots->flights[i].owner);
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        alive += slots->waiters[i].id && is_alive(slots->waiters[i].owner);
    return (int)(slots->in_flight + slots->waiting) - alive;
}

static void reach(const struct state *state)
{
    struct key key = key_of(state);
    uint32_t *slot = slot_of(&key);

    if (*slot || remains_of(&state->slots) > remains_max)
        return;
    check_state(state);
    set.keys[set.count++] = key;
    *slot = (uint32_t)set.count;
    if (2 * set.count == set.size)
        grow_set();
}

/* ---- what processes do ---- */

enum deed {
    TAKE,
    ENTER,
    ENTER_EARLY, /* as a higher priority does */
    GRANT,
    LEAVE,
    RELEASE_ANSWERED,
    RELEASE_UNANSWERED,
    RELEASE_UNSENT,
    REAP,
    DEEDS
};

static bool may(const struct state *state, const struct process *process, enum deed deed)
{
    switch (deed) {
    case TAKE:
        return !process->waits && process->flights < FLIGHTS_EACH && !state->slots.waiting;
    case ENTER:
    case ENTER_EARLY:
        return !process->waits && process->flights < FLIGHTS_EACH;
    case GRANT:
    case LEAVE:
        return process->waits;
    case RELEASE_ANSWERED:
    case RELEASE_UNANSWERED:
    case RELEASE_UNSENT:
        return process->flights > 0;
    default:
        return true;
    }
}

static void take(struct state *state, struct process *process, int who)
{
    struct slots_place place;

    if (!slots_take(&state->slots, limit, state->now, (struct slots_owner){who + 1, 0}, &place))
        return;
    process->flight[process->flights++] = place;
}

static void enter(struct state *state, struct process *process, int who, int64_t key)
{
    struct slots_owner owner = {who + 1, 0};

    process->waits = slots_queue_enter(&state->slots, key, state->now, owner, &process->waiter);
    process->key = key;
    process->order = state->entered++;
}

/* As the throttle grants: as many are free as stand in front, and one. */
static void grant(struct state *state, struct process *process, int who)
{
    int free_now = limit - slots_used(&state->slots, state->now);
    int in_front = waiters_in_front(state, who), flights = process->flights;

    if (slots_queue_rank(&state->slots, process->waiter, state->now) >= free_now)
        return;
    take(state, process, who);
    if (process->flights == flights)
        return;
    expect(in_front < free_now, "a waiter took the slot of another");
    slots_queue_leave(&state->slots, process->waiter);
    process->waits = false;
}

/* The first flight: they are alike. What is true changes with the end of the request, before
   the log does. */
static void release(struct state *state, struct process *process, enum deed deed)
{
    int64_t free_ms = state->now + 1 + WINDOW + (deed == RELEASE_UNANSWERED ? GUARD : 0);
    struct slots_place place = process->flight[--process->flights];

    if (deed == RELEASE_UNSENT)
        free_ms = 0;
    else
        hold_truth(state, free_ms);
    slots_release(&state->slots, place, free_ms);
}

static void act(struct state *state, int who, enum deed deed)
{
    struct process *process = &state->processes[who];

    switch (deed) {
    case TAKE:
        take(state, process, who);
        break;
    case ENTER:
        enter(state, process, who, state->now);
        break;
    case ENTER_EARLY:
        enter(state, process, who, state->now - ADVANCE);
        break;
    case GRANT:
        grant(state, process, who);
        break;
    case LEAVE:
        process->waits = false;
        slots_queue_leave(&state->slots, process->waiter);
        break;
    case RELEASE_ANSWERED:
    case RELEASE_UNANSWERED:
    case RELEASE_UNSENT:
        release(state, process, deed);
        break;
    default:
        slots_reap(&state->slots, is_alive, state->now + HELD_MAX);
    }
}

/* Runs a deed, dying before its store number `stores`; false when it came to its end before. */
static bool act_and_die(struct state *state, int who, enum deed deed, int stores)
{
    death.from = (const char *)&state->slots;
    death.to = death.from + sizeof state->slots;
    death.left = stores;
    if (setjmp(death.out)) {
        kill_process(state, who);
        return true;
    }
    act(state, who, deed);
    death.left = -1;
    return false;
}

static size_t steps;

static void explore_deed(const struct key *key, int who, enum deed deed)
{
    static struct state state;

    get_state(&state, key);
    if (!may(&state, &state.processes[who], deed))
        return;
    for (int stores = 0; act_and_die(&state, who, deed, stores) && !bad; stores++) {
        death.left = -1;
        reach(&state);
        get_state(&state, key);
        steps++;
    }
    reach(&state);
    steps++;
}

static void explore_others(const struct key *key)
{
    static struct state state;

    get_state(&state, key);
    state.now++;
    reach(&state);
    for (int who = 0; who < PROCESSES; who++) {
        get_state(&state, key);
        kill_process(&state, who);
        reach(&state);
    }
    steps += 1 + PROCESSES;
}

/* How much the dead may leave before somebody reaps: SLOTS_REMAINS in the long proof, where 99
   is no bound at all. */
static int read_remains_max(void)
{
    const char *text = getenv("SLOTS_REMAINS");

    return text ? atoi(text) : 1;
}

static void begin(int new_limit)
{
    struct state state = {.now = NOW, .exact = true};

    limit = new_limit;
    remains_max = read_remains_max();
    bad = NULL;
    steps = 0;
    grow_set();
    slots_init(&state.slots, &(struct slots_start){.boot_id = "this", .first_id = 1});
    reach(&state);
}

static void explore(int new_limit)
{
    begin(new_limit);
    for (size_t i = 0; i < set.count && !bad; i++) {
        struct key key = set.keys[i];

        for (int who = 0; who < PROCESSES; who++)
            for (int deed = 0; deed < DEEDS; deed++)
                explore_deed(&key, who, (enum deed)deed);
        explore_others(&key);
    }
    printf("# limit %d, at most %d left by the dead: %zu states, %zu steps, %s\n", limit,
        remains_max, set.count, steps, bad ? bad : "0 bad");
    free_set();
    if (bad)
        fail_msg("%s", bad);
}

static void test_limit_1(void **context)
{
    (void)context;
    explore(1);
}

static void test_limit_2(void **context)
{
    (void)context;
    explore(2);
}

static void test_limit_4(void **context)
{
    (void)context;
    explore(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_1),
        cmocka_unit_test(test_limit_2),
        cmocka_unit_test(test_limit_4),
    };

    return cmocka_run_group_tests_name("slots_model", tests, NULL, NULL);
}
