/* lane: the requests of one priority that wait in this process. The first of them stands in the
   queue that processes share, for all of them. */
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

/* Under the lock: the first one stands in the shared queue, if there is room, and shows that
   its process looks. */
void lane_enter(struct lane *lane, struct slots *slots);

/* Under the lock: moves those that do not wait for so long a pause to the list. */
void lane_refuse(
    struct lane *lane, struct slots *slots, int64_t pause_ms, struct throttle_waiter **refused);

/* Tells each of a list, with `err` as throttle.h says. */
void lane_call(struct throttle_waiter *list, const struct err *err);

/* Under the lock: the first one's place in the shared queue is given up. */
void lane_leave(struct lane *lane, struct slots *slots);

/* Under the lock: a lane whose head has its turn, if any. All heads stand in the queue before
   any is served: the next one of a lane may have come before those of the others. */
struct lane *lane_in_turn(struct lane lanes[PRIORITIES], struct slots *slots, int limit);

/* How long a request of the lane that comes now waits at least. */
int64_t lane_wait_ms(
    const struct lane *lane, struct slots *slots, int limit, int64_t window_ms);

/* When the first of the heads can expect a slot; INT64_MAX: there is none. */
int64_t lane_due_ms(
    const struct lane lanes[PRIORITIES], struct slots *slots, int limit, int64_t window_ms);
