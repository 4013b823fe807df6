#include "core/slots.h"

#include <stddef.h>
#include <string.h>

#include "core/slots_budget.h"
#include "core/slots_ends.h"

enum {
    RESERVED_MAX = SLOTS_ENDED_MAX + SLOTS_FLIGHT_MAX,
    RESERVED_MORE = 8,
    NOTED_MS = 60000, /* what is noted without the lock may be later than a look at the clock */
};

static const uint64_t magic = 0x336e757265746973; /* "siterun3" */

/* The order of stores is what makes dying between two of them safe. The compiler alone could
   change it: other processes look only after the kernel has freed the lock of the dead. */
static void fence(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static int64_t *ended(const struct slots *slots, uint64_t i)
{
    return (int64_t *)&slots->ended_ms[i % SLOTS_ENDED_MAX];
}

static bool ended_is_sound(const struct slots *slots, int64_t latest_ms)
{
    int64_t before_ms = 1; /* what a lost page holds is no time */

    if (slots->head > slots->tail || slots->tail - slots->head > SLOTS_ENDED_MAX)
        return false;
    for (uint64_t i = slots->head; i < slots->tail; i++) {
        if (*ended(slots, i) < before_ms || *ended(slots, i) > latest_ms)
            return false;
        before_ms = *ended(slots, i);
    }
    return true;
}

static uint64_t ticket_of(const struct slots_flight *flight)
{
    return __atomic_load_n(&flight->ticket, __ATOMIC_RELAXED);
}

static bool ends_are_sound(const struct slots *slots, int64_t latest_ms)
{
    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (slots_ends_free_ms(ticket_of(&slots->flights[i])) > latest_ms + NOTED_MS)
            return false;
    return true;
}

/* The counts may be too high, when a process died, but never too low. */
static bool counts_are_sound(const struct slots *slots)
{
    uint64_t flights = 0, waiters = 0;

    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        flights += slots->flights[i].ticket != 0;
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++)
        waiters += slots->waiters[i].id != 0;
    return slots->in_flight >= flights && slots->in_flight <= UINT16_MAX &&
           slots->waiting >= waiters && slots->waiting <= UINT16_MAX;
}

bool slots_is_block(const struct slots *slots)
{
    return slots->magic == magic && slots->size == sizeof *slots;
}

bool slots_is_sound(const struct slots *slots, int64_t now_ms, int64_t held_max_ms)
{
    int64_t latest_ms = now_ms + held_max_ms;

    return slots_is_block(slots) && slots->next_id > 0 && !slots_ends_free_ms(slots->next_id) &&
           memchr(slots->boot_id, '\0', SLOTS_BOOT_BYTES) && counts_are_sound(slots) &&
           slots->paused_until_ms <= latest_ms && slots->retry_budget >= 0 &&
           slots->reserved >= 0 && slots->reserved <= RESERVED_MAX &&
           slots->retry_budget <= SLOTS_BUDGET_MAX && ended_is_sound(slots, latest_ms) &&
           ends_are_sound(slots, latest_ms);
}

static void expire(struct slots *slots, int64_t now_ms)
{
    while (slots->head < slots->tail && *ended(slots, slots->head) <= now_ms)
        slots->head++;
}

/* Sorted insertion. The last entry is doubled before the tail moves, and then each in turn, so
   that at every store all entries are still held. */
static void add_ended(struct slots *slots, int64_t free_ms)
{
    uint64_t i = slots->tail;

    if (slots->tail - slots->head == SLOTS_ENDED_MAX)
        slots->head++; /* more than any limit is held anyway */
    *ended(slots, i) = free_ms;
    if (i > slots->head && *ended(slots, i - 1) > free_ms)
        *ended(slots, i) = *ended(slots, i - 1);
    fence();
    slots->tail = i + 1;
    fence();
    for (; i > slots->head && *ended(slots, i - 1) > free_ms; i--)
        *ended(slots, i) = *ended(slots, i - 1);
    fence();
    *ended(slots, i) = free_ms;
}

static void hold(struct slots *slots, uint64_t count, int64_t free_ms)
{
    for (; count > 0; count--)
        add_ended(slots, free_ms);
}

/* Between these two there is no block. */
static void begin(struct slots *slots)
{
    slots->magic = 0;
    fence();
}

static void finish(struct slots *slots)
{
    fence();
    slots->magic = magic;
}

void slots_init(struct slots *slots, const struct slots_start *start)
{
    begin(slots);
    slots->size = sizeof *slots;
    slots->home = start->home; /* never 0 meanwhile: others look for it without the lock */
    memset(&slots->file, 0, sizeof *slots - offsetof(struct slots, file));
    slots->next_id = slots->origin = start->first_id;
    slots->retry_budget = SLOTS_BUDGET_FIRST;
    slots->reserved = start->held;
    slots->reserved_until_ms = start->free_ms;
    strncpy(slots->boot_id, start->boot_id, sizeof slots->boot_id - 1);
    hold(slots, (uint64_t)start->held, start->free_ms);
    finish(slots);
}

void slots_reboot(struct slots *slots, const char *boot_id, int64_t free_ms)
{
    uint64_t used = slots->tail - slots->head + slots->in_flight;

    if (used < (uint64_t)slots->reserved)
        used = (uint64_t)slots->reserved;
    begin(slots);
    memset(slots->flights, 0, sizeof slots->flights);
    memset(slots->waiters, 0, sizeof slots->waiters);
    memset(slots->boot_id, 0, sizeof slots->boot_id);
    strncpy(slots->boot_id, boot_id, sizeof slots->boot_id - 1);
    slots->in_flight = slots->waiting = 0;
    slots->paused_until_ms = 0;
    slots->head = slots->tail;
    slots->reserved = (int64_t)used;
    slots->reserved_until_ms = free_ms;
    hold(slots, used, free_ms);
    finish(slots);
}

int slots_used(struct slots *slots, int64_t now_ms)
{
    expire(slots, now_ms);
    return (int)(slots->tail - slots->head + slots->in_flight);
}

/* Without what was noted as ended, where that might make room. */
static int used_of(struct slots *slots, int limit, int64_t now_ms)
{
    if (slots_used(slots, now_ms) >= limit || slots->in_flight >= SLOTS_FLIGHT_MAX)
        slots_ends_settle(slots);
    return slots_used(slots, now_ms);
}

static uint32_t free_flight(const struct slots *slots, uint64_t from)
{
    for (uint32_t i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        uint32_t index = (uint32_t)((from + i) % SLOTS_FLIGHT_MAX);

        if (!slots->flights[index].ticket)
            return index;
    }
    return SLOTS_FLIGHT_MAX;
}

static void put_flight(struct slots *slots, uint32_t index, const struct slots_flight *flight)
{
    slots->in_flight++; /* counted before it exists: never too few */
    fence();
    slots->flights[index].owner = flight->owner;
    fence();
    slots->flights[index].ticket = flight->ticket;
}

bool slots_take(struct slots *slots, int limit, int64_t now_ms, struct slots_owner owner,
    struct slots_place *place)
{
    uint32_t index;

    if (now_ms < slots->paused_until_ms || used_of(slots, limit, now_ms) >= limit)
        return false;
    index = free_flight(slots, slots->next_id);
    if (index == SLOTS_FLIGHT_MAX)
        return false;
    *place = (struct slots_place){.index = index, .ticket = slots->next_id++};
    put_flight(slots, index, &(struct slots_flight){.ticket = place->ticket, .owner = owner});
    return true;
}

bool slots_reserve(struct slots *slots, int limit, int64_t now_ms, int64_t until_ms)
{
    int64_t needed = used_of(slots, limit, now_ms) + 1, before = slots->reserved;
    int64_t most = slots->most_used = needed > slots->most_used ? needed : slots->most_used;

    if (needed > limit || (needed <= before && now_ms < slots->reserved_until_ms))
        return false;
    most += most / 4 + RESERVED_MORE;
    slots->reserved = most < limit ? most : limit;
    if (now_ms >= slots->reserved_until_ms)
        slots->most_used = needed;
    slots->reserved_until_ms = until_ms;
    return slots->reserved > before;
}

/* Where it was put, or anywhere, after blocks were merged. NULL when it is not known. */
static struct slots_flight *find_flight(struct slots *slots, struct slots_place place)
{
    if (slots->flights[place.index].ticket == place.ticket)
        return &slots->flights[place.index];
    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++)
        if (slots->flights[i].ticket == place.ticket)
            return &slots->flights[i];
    return NULL;
}

bool slots_flies(struct slots *slots, struct slots_place place)
{
    return find_flight(slots, place);
}

void slots_release(struct slots *slots, struct slots_place place, int64_t free_ms)
{
    struct slots_flight *flight = find_flight(slots, place);

    if (free_ms) /* held before it stops to be in flight: never nowhere */
        add_ended(slots, free_ms);
    if (!flight)
        return;
    fence();
    flight->ticket = 0;
    fence();
    slots->in_flight--;
}

static void add_flight(struct slots *slots, const struct slots_flight *from, int64_t free_ms)
{
    uint32_t index = free_flight(slots, from->ticket);

    if (find_flight(slots, (struct slots_place){.ticket = from->ticket}))
        return;
    if (index == SLOTS_FLIGHT_MAX)
        add_ended(slots, free_ms);
    else
        put_flight(slots, index, from);
}

/* Its process may note its end meanwhile: before this, or too late for this. */
static struct slots_flight read_flight(const struct slots_flight *flight)
{
    return (struct slots_flight){.ticket = ticket_of(flight), .owner = flight->owner};
}

static bool is_ancestor(const struct slots *slots, uint64_t origin)
{
    for (int i = 0; i < SLOTS_ANCESTORS_MAX; i++)
        if (slots->ancestors[i] == origin)
            return true;
    return false;
}

static void add_ancestor(struct slots *slots, uint64_t origin)
{
    if (origin && !is_ancestor(slots, origin))
        slots->ancestors[slots->descents++ % SLOTS_ANCESTORS_MAX] = origin;
}

/* When all that it held is there. */
static void descend(struct slots *slots, const struct slots *from)
{
    fence();
    for (uint64_t i = 0; i < SLOTS_ANCESTORS_MAX; i++)
        add_ancestor(slots, from->ancestors[(from->descents + i) % SLOTS_ANCESTORS_MAX]);
    add_ancestor(slots, from->origin);
}

static void add_held(struct slots *slots, const struct slots *from)
{
    int64_t reserved = slots->reserved + from->reserved;

    slots->moved = 0;
    fence();
    for (uint64_t i = from->head; i < from->tail; i++)
        add_ended(slots, *ended(from, i));
    slots->reserved = reserved < RESERVED_MAX ? reserved : RESERVED_MAX;
    slots_pause(slots, from->paused_until_ms);
    if (from->retry_budget < slots->retry_budget)
        slots->retry_budget = from->retry_budget;
}

void slots_merge(struct slots *slots, const struct slots *from, int64_t free_ms)
{
    add_held(slots, from);
    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        struct slots_flight flight = read_flight(&from->flights[i]);
        int64_t ended_ms = slots_ends_free_ms(flight.ticket);

        if (ended_ms)
            add_ended(slots, ended_ms);
        else if (flight.ticket)
            add_flight(slots, &flight, free_ms);
    }
    descend(slots, from);
}

void slots_salvage(struct slots *slots, const struct slots *from, int64_t pid,
    bool (*is_alive)(struct slots_owner), int64_t free_ms)
{
    bool is_lost = !is_ancestor(slots, from->origin);

    if (is_lost)
        add_held(slots, from);
    slots->moved = 0;
    fence();
    for (int i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        struct slots_flight flight = read_flight(&from->flights[i]);
        int64_t ended_ms = slots_ends_free_ms(flight.ticket);

        if (!flight.ticket)
            continue;
        if (ended_ms || !is_alive(flight.owner))
            hold(slots, is_lost, ended_ms ? ended_ms : free_ms);
        else if (flight.owner.pid == pid)
            add_flight(slots, &flight, free_ms);
    }
    if (is_lost)
        descend(slots, from);
}

void slots_depart(struct slots *slots)
{
    fence();
    slots->departures++;
    slots->file = 0;
    fence();
    slots->moved = 1;
}

void slots_claim(struct slots *slots, uint64_t home, uint64_t file)
{
    slots->moved = 0;
    slots->home = home;
    fence();
    slots->file = file;
}

static int64_t due_in_this_window_ms(
    struct slots *slots, int limit, int rank, int64_t now_ms, int64_t window_ms)
{
    int64_t needed = (int64_t)used_of(slots, limit - rank, now_ms) + rank + 1 - limit;

    if (needed > (int64_t)(slots->tail - slots->head))
        return now_ms + window_ms;
    return needed > 0 ? *ended(slots, slots->head + (uint64_t)needed - 1) : now_ms;
}

int64_t slots_due_ms(
    struct slots *slots, int limit, int rank, int64_t now_ms, int64_t window_ms)
{
    int64_t due_ms = slots->paused_until_ms;

    if (limit)
        due_ms = due_in_this_window_ms(slots, limit, rank % limit, now_ms, window_ms);
    if (due_ms < slots->paused_until_ms)
        due_ms = slots->paused_until_ms;
    return due_ms + (limit ? rank / limit : 0) * window_ms;
}

static void reap_flights(
    struct slots *slots, bool (*is_alive)(struct slots_owner), int64_t free_ms)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < SLOTS_FLIGHT_MAX; i++) {
        struct slots_flight *flight = &slots->flights[i];

        slots_ends_settle_at(slots, i);
        if (flight->ticket && !is_alive(flight->owner))
            slots_release(slots, (struct slots_place){i, flight->ticket}, free_ms);
        count += flight->ticket != 0;
    }
    slots->in_flight = count;
}

void slots_reap(
    struct slots *slots, bool (*is_alive)(struct slots_owner owner), int64_t free_ms)
{
    uint64_t count = 0;

    reap_flights(slots, is_alive, free_ms);
    for (int i = 0; i < SLOTS_WAITERS_MAX; i++) {
        if (slots->waiters[i].id && !is_alive(slots->waiters[i].owner))
            slots->waiters[i].id = 0;
        count += slots->waiters[i].id != 0;
    }
    slots->waiting = count;
}

void slots_pause(struct slots *slots, int64_t until_ms)
{
    if (until_ms > slots->paused_until_ms)
        slots->paused_until_ms = until_ms;
}
