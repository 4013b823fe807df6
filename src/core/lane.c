#include "core/lane.h"

#include <stddef.h>

#include "core/clock.h"
#include "core/slots_owner.h"
#include "core/slots_queue.h"

void lane_init(struct lane *lane, int64_t advance_ms)
{
    *lane = (struct lane){.advance_ms = advance_ms};
    lane->last = &lane->first;
}

void lane_add(struct lane *lane, struct throttle_waiter *waiter)
{
    waiter->next = NULL;
    waiter->waiting = true;
    waiter->since_ms = clock_ms();
    *lane->last = waiter;
    lane->last = &waiter->next;
    lane->last_since_ms = waiter->since_ms;
    lane->count++;
}

void lane_remove(struct lane *lane, struct throttle_waiter *waiter)
{
    struct throttle_waiter **link = &lane->first;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!waiter->next)
        lane->last = link;
    waiter->next = NULL;
    waiter->waiting = false;
    lane->count--;
}

int64_t lane_key_ms(const struct lane *lane, int64_t since_ms)
{
    return since_ms + lane->advance_ms;
}

static void set_behind(const struct lane *lane, struct slots *slots)
{
    const struct throttle_waiter *waiter = lane->first ? lane->first->next : NULL;
    struct slots_behind behind = {.count = lane->count - 1};

    behind.last_key_ms = lane_key_ms(lane, lane->last_since_ms);
    for (int i = 0; waiter && i < SLOTS_KEYS_MAX; i++, waiter = waiter->next)
        behind.keys_ms[i] = lane_key_ms(lane, waiter->since_ms);
    slots_queue_set_behind(slots, lane->place, &behind);
}

void lane_enter(struct lane *lane, struct slots *slots)
{
    int64_t now_ms = clock_ms();

    lane->entered = lane->entered && slots_queue_has(slots, lane->place);
    if (lane->entered)
        slots_queue_see(slots, lane->place, now_ms);
    else if (lane->first)
        lane->entered = slots_queue_enter(slots, lane_key_ms(lane, lane->first->since_ms),
            now_ms, slots_owner_self(), &lane->place);
    if (lane->entered)
        set_behind(lane, slots);
}

void lane_leave(struct lane *lane, struct slots *slots)
{
    if (lane->entered)
        slots_queue_leave(slots, lane->place);
    lane->entered = false;
}

void lane_refuse(
    struct lane *lane, struct slots *slots, int64_t pause_ms, struct throttle_waiter **refused)
{
    struct throttle_waiter *waiter = lane->first, *next;

    for (; waiter; waiter = next) {
        next = waiter->next;
        if (!waiter->pause_max_ms || pause_ms <= waiter->pause_max_ms)
            continue;
        if (waiter == lane->first)
            lane_leave(lane, slots);
        lane_remove(lane, waiter);
        waiter->next = *refused;
        *refused = waiter;
    }
}

void lane_call(struct throttle_waiter *list, const struct err *err)
{
    while (list) {
        struct throttle_waiter *waiter = list;

        list = waiter->next;
        waiter->next = NULL;
        waiter->granted(waiter->context, err);
    }
}

/* Whether the head of the lane gets its slot now: as many are free as stand in front, and
   one. */
static bool has_turn(const struct lane *lane, struct slots *slots, int limit)
{
    int64_t now_ms = clock_ms();

    if (!lane->first || !lane->entered)
        return false;
    return !limit ||
           slots_queue_rank(slots, lane->place, now_ms) < limit - slots_used(slots, now_ms);
}

struct lane *lane_in_turn(struct lane lanes[PRIORITIES], struct slots *slots, int limit)
{
    for (int i = 0; i < PRIORITIES; i++)
        lane_enter(&lanes[i], slots);
    for (int i = 0; i < PRIORITIES; i++)
        if (has_turn(&lanes[i], slots, limit))
            return &lanes[i];
    return NULL;
}

int64_t lane_wait_ms(const struct lane *lane, struct slots *slots, int limit, int64_t window_ms)
{
    int64_t now_ms = clock_ms();
    int ahead = slots_queue_ahead(slots, lane_key_ms(lane, now_ms), now_ms);
    int64_t due_ms = slots_due_ms(slots, limit, ahead, now_ms, window_ms);

    return due_ms > now_ms ? due_ms - now_ms : 0;
}

int64_t lane_due_ms(
    const struct lane lanes[PRIORITIES], struct slots *slots, int limit, int64_t window_ms)
{
    int64_t now_ms = clock_ms(), first_ms = INT64_MAX;

    for (int i = 0; i < PRIORITIES; i++) {
        int64_t due_ms;
        int rank;

        if (!lanes[i].first || !lanes[i].entered)
            continue;
        rank = slots_queue_rank(slots, lanes[i].place, now_ms);
        due_ms = slots_due_ms(slots, limit, rank, now_ms, window_ms);
        if (due_ms < first_ms)
            first_ms = due_ms;
    }
    return first_ms;
}
