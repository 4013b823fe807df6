/* lane: the requests of one priority that wait in this process. The first of them stands in the queue
   that processes share, for all of them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/slots.h"
#include "core/throttle.h"

struct lane {
    struct throttle_waiter *first, **last;
    int count;
    int64_t last_since_ms;
    int64_t advance_ms; /* how much later than it did a request counts as having come */
    struct slots_place place;
    bool entered; /* in the shared queue */
};

void lane_init(struct lane *lane, int64_t advance_ms);

/* The waiter joins, or leaves, the lane. The shared queue hears of it by lane_enter. */
void lane_add(struct lane *lane, struct throttle_waiter *waiter);
void lane_remove(struct lane *lane, struct throttle_waiter *waiter);

/* What a request that came then has as its key (slots.h). */
int64_t lane_key_ms(const struct lane *lane, int64_t since_ms);

/* Under the lock: the first one stands in the shared queue, if there is room, and shows that its
   process looks. */
void lane_enter(struct lane *lane, struct slots *slots);

/* Under the lock: the first one's place in the shared queue is given up. */
void lane_leave(struct lane *lane, struct slots *slots);
