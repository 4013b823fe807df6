/* What must hold in each state of the slots' model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/slots_ends.h"
#include "core/slots_queue.h"
#include "slots_model.h"

static int intruder; /* a process that notes an end while another is at work */

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
        if (state->slots.flights[i].ticket &&
            !slots_ends_free_ms(state->slots.flights[i].ticket))
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

static struct state from; /* what is merged */
static const int64_t merged_free_ms = NOW + 1 + WINDOW;

static void end_meanwhile(void)
{
    note_end(&from, &from.processes[intruder], 0, merged_free_ms);
}

/* Whoever noted an end while a block was merged ends the flight in the other, where it is
   there. */
static void check_merge_and_end(const struct state *state, int left)
{
    struct slots_place place = state->processes[intruder].flight[0];
    struct slots_start start = {.boot_id = "this", .first_id = 100};
    struct slots slots;

    from = *state;
    slots_init(&slots, &start);
    intrusion =
        (struct intrusion){&from.slots.flights[place.index].ticket, left, end_meanwhile};
    slots_merge(&slots, &from.slots, state->now + HELD_MAX);
    intrusion.ticket = NULL;
    if (from.processes[intruder].flights == state->processes[intruder].flights)
        end_meanwhile();
    for (int64_t at = state->now; at <= state->now + HELD_MAX; at++)
        expect(held_at(&slots, at) >= truth_at(&from, at), "a merge forgets an end");
    if (slots_flies(&slots, place))
        slots_release(&slots, place, merged_free_ms);
    for (int64_t at = state->now; at <= state->now + HELD_MAX; at++) {
        expect(held_at(&slots, at) >= truth_at(&from, at), "a merge forgets an end");
        expect(!state->exact || held_at(&slots, at) == truth_at(&from, at),
            "a merge holds an end twice");
    }
}

/* Before each look at its ticket, and after all. */
static void check_merge_meanwhile(const struct state *state)
{
    for (intruder = 0; intruder < PROCESSES; intruder++)
        for (int left = 0; left < 3 && state->processes[intruder].flights; left++)
            check_merge_and_end(state, left);
}

void check_state(const struct state *state)
{
    check_counts(state);
    check_flights(state);
    check_waiters(state);
    check_recovery(state);
    check_reboot(state);
    check_merge(state);
    check_merge_meanwhile(state);
}
