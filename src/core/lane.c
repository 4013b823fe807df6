#include "core/lane.h"

#include <stddef.h>

#include "core/clock.h"
#include "core/slots_owner.h"

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
    slots_set_behind(slots, lane->place, &behind);
}

void lane_enter(struct lane *lane, struct slots *slots)
{
    int64_t now_ms = clock_ms();

    lane->entered = lane->entered && slots_waits(slots, lane->place);
    if (lane->entered)
        slots_see(slots, lane->place, now_ms);
    else if (lane->first)
        lane->entered = slots_enter(slots, lane_key_ms(lane, lane->first->since_ms), now_ms,
            slots_owner_self(), &lane->place);
    if (lane->entered)
        set_behind(lane, slots);
}

void lane_leave(struct lane *lane, struct slots *slots)
{
    if (lane->entered)
        slots_leave(slots, lane->place);
    lane->entered = false;
}
