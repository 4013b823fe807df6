#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/slots_ends.h"
#include "slots_model.h"

const char *bad; /* the first thing that is wrong */

void expect(bool good, const char *what)
{
    if (!good && !bad)
        bad = what;
}

/* ---- what is true ---- */

bool is_alive(struct slots_owner owner)
{
    return owner.pid != DEAD;
}

void hold_truth(struct state *state, int64_t free_ms)
{
    if (state->truths == SLOTS_ENDED_MAX + FLIGHTS_EACH)
        expect(false, "more was sent than any limit allows");
    else
        state->truth[state->truths++] = free_ms;
}

int truth_at(const struct state *state, int64_t at)
{
    int count = 0;

    for (int i = 0; i < state->truths; i++)
        count += state->truth[i] > at;
    for (int i = 0; i < PROCESSES; i++)
        count += state->processes[i].flights;
    return count;
}

int held_at(const struct slots *slots, int64_t at)
{
    int count = (int)slots->in_flight;

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        int64_t free_ms = slots_ends_free_ms(slots->flights[i].ticket);

        count -= free_ms && free_ms <= at;
    }
    for (uint64_t i = slots->head; i < slots->tail; i++)
        count += slots->ended_ms[i % SLOTS_ENDED_MAX] > at;
    return count;
}

int noted_in(const struct slots *slots)
{
    int count = 0;

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        count += slots_ends_free_ms(slots->flights[i].ticket) != 0;
    return count;
}

void note_end(struct state *state, struct process *process, int flight, int64_t free_ms)
{
    struct slots_place place = process->flight[flight];

    process->flight[flight] = process->flight[--process->flights];
    hold_truth(state, free_ms);
    expect(slots_ends_note(&state->slots, place, free_ms), "an end that is not noted");
}

static bool comes_before(const struct process *a, const struct process *b)
{
    return a->waits && (a->key < b->key || (a->key == b->key && a->order < b->order));
}

int waiters_in_front(const struct state *state, int who)
{
    int count = 0;

    for (int i = 0; i < PROCESSES; i++)
        count += comes_before(&state->processes[i], &state->processes[who]);
    return count;
}

/* The requests of one who dies may arrive within the guard. */
void kill_process(struct state *state, int who)
{
    struct process *process = &state->processes[who];

    for (; process->flights > 0; process->flights--)
        hold_truth(state, state->now + HELD_MAX);
    *process = (struct process){0};
    state->exact = false;
    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (state->slots.flights[i].owner.pid == who + 1)
            state->slots.flights[i].owner.pid = DEAD;
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        if (state->slots.waiters[i].owner.pid == who + 1)
            state->slots.waiters[i].owner.pid = DEAD;
}

/* ---- states as keys: what matters of one, in few bytes ---- */

struct writer {
    uint8_t *at;
    const uint8_t *name_of; /* pid -> its name in the key */
};

static void put(struct writer *writer, int64_t value)
{
    *writer->at++ = (uint8_t)(value & 0xff);
}

static int64_t clamp(int64_t value, int64_t least)
{
    return value < least ? least : value;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void put_ended(struct writer *writer, const struct state *state)
{
    const struct slots *slots = &state->slots;
    uint64_t head = slots->head;

    while (slots->tail - head < SLOTS_ENDED_MAX && head < slots->tail &&
           slots->ended_ms[head % SLOTS_ENDED_MAX] <= state->now)
        head++; /* what has expired matters in a full log only */
    put(writer, (int64_t)(slots->tail - head));
    for (uint64_t i = head; i < slots->tail; i++)
        put(writer, clamp(slots->ended_ms[i % SLOTS_ENDED_MAX] - state->now, 0));
}

static void put_truth(struct writer *writer, const struct state *state)
{
    int64_t times[SLOTS_ENDED_MAX + FLIGHTS_EACH];
    int count = 0;

    for (int i = 0; i < state->truths; i++)
        if (state->truth[i] > state->now)
            times[count++] = state->truth[i] - state->now;
    qsort(times, (size_t)count, sizeof *times, compare_times);
    put(writer, count);
    for (int i = 0; i < count; i++)
        put(writer, times[i]);
}

static void put_noted(struct writer *writer, const struct state *state)
{
    int64_t times[SLOTS_FLIGHT_MAX];
    int count = 0;

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        int64_t free_ms = slots_ends_free_ms(state->slots.flights[i].ticket);

        if (free_ms)
            times[count++] = clamp(free_ms - state->now, 0);
    }
    qsort(times, (size_t)count, sizeof *times, compare_times);
    put(writer, count);
    for (int i = 0; i < count; i++)
        put(writer, times[i]);
}

static void put_flights(struct writer *writer, const struct slots *slots)
{
    uint8_t owned[DEAD + 1] = {0};
    int count = noted_in(slots);

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (slots->flights[i].ticket && !slots_ends_free_ms(slots->flights[i].ticket)) {
            owned[writer->name_of[slots->flights[i].owner.pid]]++;
            count++;
        }
    for (int i = 1; i <= PROCESSES; i++)
        put(writer, owned[i]);
    put(writer, owned[DEAD]);
    put(writer, (int64_t)slots->in_flight - count);
}

static const struct slots_waiter *next_waiter(
    const struct slots *slots, const struct slots_waiter *after)
{
    const struct slots_waiter *next = NULL;

    for (int i = 0; i < SLOTS_WAITERS_MAX; i++) {
        const struct slots_waiter *waiter = &slots->waiters[i];

        if (!waiter->id ||
            (after && (waiter->key_ms < after->key_ms ||
                          (waiter->key_ms == after->key_ms && waiter->id <= after->id))))
            continue;
        if (!next || waiter->key_ms < next->key_ms ||
            (waiter->key_ms == next->key_ms && waiter->id < next->id))
            next = waiter;
    }
    return next;
}

static void put_waiters(struct writer *writer, const struct state *state)
{
    const struct slots_waiter *waiter = NULL;
    int count = 0;
    uint8_t *counted = writer->at++;

    while ((waiter = next_waiter(&state->slots, waiter))) {
        put(writer, writer->name_of[waiter->owner.pid]);
        put(writer, clamp(waiter->key_ms - state->now, KEY_OLDEST));
        count++;
    }
    *counted = (uint8_t)count;
    /* One too many is like any number too many: none is what matters. */
    put(writer, (int64_t)state->slots.waiting > count);
}

static void put_state(struct key *key, const struct state *state, const uint8_t *name_of)
{
    struct writer writer = {.at = key->bytes, .name_of = name_of};

    memset(key, 0, sizeof *key);
    put(&writer, state->exact);
    put_ended(&writer, state);
    put_truth(&writer, state);
    put_noted(&writer, state);
    put_flights(&writer, &state->slots);
    put_waiters(&writer, state);
    assert_true(writer.at <= key->bytes + KEY_BYTES);
}

/* Processes are alike: what tells them apart gives them their names in the key. */
static int64_t trait_of(const struct state *state, int who)
{
    const struct process *process = &state->processes[who];

    return process->flights * 100 + process->waits * 10 +
           (process->waits ? waiters_in_front(state, who) : 0);
}

struct key key_of(const struct state *state)
{
    uint8_t names[DEAD + 1] = {[DEAD] = DEAD};
    struct key key;

    for (int i = 0; i < PROCESSES; i++) {
        names[i + 1] = 1;
        for (int j = 0; j < PROCESSES; j++) {
            int64_t mine = trait_of(state, i), other = trait_of(state, j);

            if (other < mine || (other == mine && j < i))
                names[i + 1]++;
        }
    }
    put_state(&key, state, names);
    return key;
}

/* Whoever noted it. */
static int get_noted(struct slots *slots, const uint8_t **at)
{
    int count = *(*at)++;

    for (int i = 0; i < count; i++) {
        struct slots_place place = {(uint32_t)i, slots->next_id++};

        slots->flights[i] = (struct slots_flight){place.ticket, {DEAD, 0}};
        expect(slots_ends_note(slots, place, NOW + *(*at)++), "an end that is not noted");
    }
    return count;
}

static void get_flights(struct state *state, const uint8_t **at)
{
    struct slots *slots = &state->slots;
    int index = get_noted(slots, at);

    for (int pid = 1; pid <= PROCESSES + 1; pid++)
        for (int count = *(*at)++; count > 0; count--, index++) {
            struct slots_place place = {(uint32_t)index, slots->next_id++};
            int64_t owner = pid > PROCESSES ? DEAD : pid;

            slots->flights[index] = (struct slots_flight){place.ticket, {owner, 0}};
            if (owner != DEAD) {
                struct process *process = &state->processes[pid - 1];

                process->flight[process->flights++] = place;
            }
        }
    slots->in_flight = (uint64_t)(index + *(*at)++);
}

static void get_waiters(struct state *state, const uint8_t **at)
{
    struct slots *slots = &state->slots;
    int count = *(*at)++;

    for (int i = 0; i < count; i++) {
        int64_t owner = *(*at)++, key = state->now + (int8_t) * (*at)++;
        struct slots_place place = {(uint32_t)i, slots->next_id++};

        slots->waiters[i] = (struct slots_waiter){
            .id = place.ticket, .key_ms = key, .seen_ms = state->now, .owner = {owner, 0}};
        if (owner != DEAD) {
            struct process *process = &state->processes[owner - 1];

            process->waits = true;
            process->waiter = place;
            process->key = key;
            process->order = state->entered++;
        }
    }
    slots->waiting = (uint64_t)(count + *(*at)++);
}

void get_state(struct state *state, const struct key *key)
{
    struct slots_start start = {.boot_id = "this", .first_id = 1};
    const uint8_t *at = key->bytes;

    memset(state, 0, sizeof *state);
    slots_init(&state->slots, &start);
    state->now = NOW;
    state->exact = *at++;
    state->slots.head = HEAD;
    state->slots.tail = HEAD + *at++;
    for (uint64_t i = HEAD; i < state->slots.tail; i++)
        state->slots.ended_ms[i % SLOTS_ENDED_MAX] = NOW + *at++;
    state->truths = *at++;
    for (int i = 0; i < state->truths; i++)
        state->truth[i] = NOW + *at++;
    get_flights(state, &at);
    get_waiters(state, &at);
}
