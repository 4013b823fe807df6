/* The log of slots, explored exhaustively on a small model: processes that take, release, note
   ends, settle, queue up, reap and die, at any store inside of any call too, in every order,
   until no new state turns up. While one is in a call that needs the lock, another notes an end
   at any instant: that is one store to the flight's ticket, so before each access to that is
   where it matters. What they call is compiled as for ThreadSanitizer: the compiler then
   announces each access, to the functions in slots_model_store.c instead of that library's.
   What the service may count is kept apart, as `truth`.

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

#include "core/slots_ends.h"
#include "core/slots_queue.h"
#include "slots_model.h"

int limit;

/* States with more are not looked into. */
static int remains_max; /* left by the dead */
static int noted_max;   /* noted without the lock, and not settled */

/* Whether processes also die in deeds that others intrude in: in the long proof. */
static bool dies_meanwhile;

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
        alive += slots->flights[i].ticket && (is_alive(slots->flights[i].owner) ||
                                                 slots_ends_free_ms(slots->flights[i].ticket));
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        alive += slots->waiters[i].id && is_alive(slots->waiters[i].owner);
    return (int)(slots->in_flight + slots->waiting) - alive;
}

static void reach(const struct state *state)
{
    struct key key = key_of(state);
    uint32_t *slot = slot_of(&key);

    if (*slot || remains_of(&state->slots) > remains_max || noted_in(&state->slots) > noted_max)
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
    NOTE_ANSWERED,
    NOTE_UNANSWERED,
    SETTLE,
    SETTLE_LAST,
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
    case NOTE_ANSWERED:
    case NOTE_UNANSWERED:
        return process->flights > 0;
    case SETTLE:
    case SETTLE_LAST:
        return noted_in(&state->slots) > 0;
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

static int64_t free_ms_of(const struct state *state, bool answered)
{
    return state->now + 1 + WINDOW + (answered ? 0 : GUARD);
}

/* The first flight: they are alike. What is true changes with the end of the request, before
   the log does. */
static void release(struct state *state, struct process *process, enum deed deed)
{
    int64_t free_ms = free_ms_of(state, deed != RELEASE_UNANSWERED);
    struct slots_place place = process->flight[--process->flights];

    if (deed == RELEASE_UNSENT)
        free_ms = 0;
    else
        hold_truth(state, free_ms);
    slots_release(&state->slots, place, free_ms);
}

static void settle_last(struct slots *slots)
{
    uint32_t index = SLOTS_FLIGHT_MAX - 1;

    while (!slots_ends_free_ms(slots->flights[index].ticket))
        index--;
    slots_ends_settle_at(slots, index);
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
    case NOTE_ANSWERED:
    case NOTE_UNANSWERED:
        note_end(state, process, 0, free_ms_of(state, deed == NOTE_ANSWERED));
        break;
    case SETTLE:
        slots_ends_settle(&state->slots);
        break;
    case SETTLE_LAST:
        settle_last(&state->slots);
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

/* Who notes an end while another's deed is under way: `left` looks at its ticket later. */
static struct intruder {
    struct state *state;
    int who, flight;
    bool answered;
    int left;
} intruder;

static void intrude(void)
{
    struct process *process = &intruder.state->processes[intruder.who];
    int left = death.left;

    death.left = -1;
    note_end(intruder.state, process, intruder.flight,
        free_ms_of(intruder.state, intruder.answered));
    death.left = left;
}

static void begin_intrusion(struct state *state)
{
    struct slots_place place = state->processes[intruder.who].flight[intruder.flight];

    intruder.state = state;
    intrusion =
        (struct intrusion){&state->slots.flights[place.index].ticket, intruder.left, intrude};
}

static bool explore_whole(const struct key *key, int who, enum deed deed)
{
    static struct state state;
    bool intruded;

    get_state(&state, key);
    begin_intrusion(&state);
    act(&state, who, deed);
    intruded = !intrusion.ticket;
    intrusion.ticket = NULL;
    reach(&state);
    steps++;
    return intruded;
}

/* Whether somebody intruded in the end, if that was asked for. */
static bool explore_deaths(const struct key *key, int who, enum deed deed, bool intruded)
{
    static struct state state;
    bool died = true;

    for (int stores = 0; died && !bad; stores++) {
        get_state(&state, key);
        if (intruded)
            begin_intrusion(&state);
        died = act_and_die(&state, who, deed, stores);
        death.left = -1;
        intruded = intruded && (died || !intrusion.ticket);
        intrusion.ticket = NULL;
        reach(&state);
        steps++;
    }
    return intruded;
}

static void explore_intrusions(const struct key *key, int who, enum deed deed)
{
    bool intrudes = true;

    for (intruder.left = 0; intrudes && !bad; intruder.left++)
        intrudes = dies_meanwhile ? explore_deaths(key, who, deed, true)
                                  : explore_whole(key, who, deed);
}

static bool is_locked(enum deed deed)
{
    return deed != NOTE_ANSWERED && deed != NOTE_UNANSWERED;
}

static void explore_deed(const struct key *key, int who, enum deed deed)
{
    struct state state;

    get_state(&state, key);
    if (!may(&state, &state.processes[who], deed))
        return;
    explore_deaths(key, who, deed, false);
    for (int i = 0; is_locked(deed) && i < 2 * FLIGHTS_EACH * PROCESSES; i++) {
        intruder = (struct intruder){
            .who = i % PROCESSES, .flight = i / PROCESSES / 2, .answered = i / PROCESSES % 2};
        if (intruder.who != who && intruder.flight < state.processes[intruder.who].flights)
            explore_intrusions(key, who, deed);
    }
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

/* How much the dead may leave before somebody reaps (SLOTS_REMAINS) and how many ends may be
   noted before somebody settles them (SLOTS_NOTED), in the long proof, where 99 is no bound at
   all. */
static int read_max(const char *name, int usual)
{
    const char *text = getenv(name);

    return text ? atoi(text) : usual;
}

static void begin(int new_limit, int usually_noted)
{
    struct state state = {.now = NOW, .exact = true};

    limit = new_limit;
    remains_max = read_max("SLOTS_REMAINS", 1);
    noted_max = read_max("SLOTS_NOTED", usually_noted);
    dies_meanwhile = getenv("SLOTS_NOTED");
    bad = NULL;
    steps = 0;
    grow_set();
    slots_init(&state.slots, &(struct slots_start){.boot_id = "this", .first_id = 1});
    reach(&state);
}

static void explore(int new_limit, int usually_noted)
{
    begin(new_limit, usually_noted);
    for (size_t i = 0; i < set.count && !bad; i++) {
        struct key key = set.keys[i];

        for (int who = 0; who < PROCESSES; who++)
            for (int deed = 0; deed < DEEDS; deed++)
                explore_deed(&key, who, (enum deed)deed);
        explore_others(&key);
    }
    printf(
        "# limit %d, at most %d left by the dead, %d ends noted: %zu states, %zu steps, %s\n",
        limit, remains_max, noted_max, set.count, steps, bad ? bad : "0 bad");
    free_set();
    if (bad)
        fail_msg("%s", bad);
}

static void test_limit_1(void **context)
{
    (void)context;
    explore(1, 1);
}

static void test_limit_2(void **context)
{
    (void)context;
    explore(2, 1);
}

static void test_limit_4(void **context)
{
    (void)context;
    explore(4, 0);
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
