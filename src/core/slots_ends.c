#include "core/slots_ends.h"

/* Tickets stay below it. */
static const uint64_t ended = UINT64_C(1) << 63;

/* The magic is looked at after the store, and cleared before the clock is read that says until
   when a block that is made anew holds all it can: so of an end that is lost with the old one
   the time was earlier. */
bool slots_ends_note(struct slots *slots, struct slots_place place, int64_t free_ms)
{
    uint64_t ticket = place.ticket;

    return __atomic_compare_exchange_n(&slots->flights[place.index].ticket, &ticket,
               ended | (uint64_t)free_ms, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) &&
           __atomic_load_n(&slots->magic, __ATOMIC_SEQ_CST);
}

void slots_ends_refuse(struct slots *slots)
{
    __atomic_store_n(&slots->magic, 0, __ATOMIC_SEQ_CST);
}

int64_t slots_ends_free_ms(uint64_t ticket)
{
    return ticket & ended ? (int64_t)(ticket & ~ended) : 0;
}

void slots_ends_settle_at(struct slots *slots, uint32_t index)
{
    uint64_t ticket = __atomic_load_n(&slots->flights[index].ticket, __ATOMIC_RELAXED);
    int64_t free_ms = slots_ends_free_ms(ticket);

    if (free_ms)
        slots_release(slots, (struct slots_place){index, ticket}, free_ms);
}

void slots_ends_settle(struct slots *slots)
{
    uint64_t left = slots->in_flight;

    for (uint32_t i = 0; left && i < SLOTS_FLIGHT_MAX; i++)
        if (slots->flights[i].ticket) {
            slots_ends_settle_at(slots, i);
            left--;
        }
}
