/* throttle: at most so many requests in any window, counted at the server. A slot is taken when a
   request is sent and freed one window after its answer: the request arrived between the two, so
   whatever window the server counts holds no more. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct loop;
struct throttle;

enum throttle_priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW, PRIORITIES };

/* `count` requests in `window_ms`; a count of 0 is no limit. */
struct throttle_limit {
    int count;
    int64_t window_ms;
};

/* One request that wants a slot. Kept in place by its user while it waits. */
struct throttle_waiter {
    struct throttle_waiter *next;
    enum throttle_priority priority;
    void (*granted)(void *context); /* called from the loop when it had to wait */
    void *context;
    bool waiting;
};

/* Of the limit that leaves the fewest slots free. */
struct throttle_stats {
    struct throttle_limit limit;
    int used;    /* in flight, or answered less than a window ago */
    int waiting; /* requests that wait for a slot */
};

/* Opens the throttle called `name`: whoever opens the same name on the same loop shares it, and all
   the limits that were given hold. `loop` must outlive it. ERR_CONFIG for more limits than are
   kept, out of memory. */
MUST_USE int throttle_open(struct throttle **out, struct loop *loop, const char *name,
    struct throttle_limit limit, struct err *err);

/* Nobody who shares it through this opening may wait. NULL is fine. */
void throttle_close(struct throttle *throttle);

/* Takes a slot: true when there was one, false when the waiter now waits. First come first served
   within a priority; higher priorities first. */
MUST_USE bool throttle_take(struct throttle *throttle, struct throttle_waiter *waiter);

/* Stops waiting; does nothing when the waiter does not wait. */
void throttle_leave(struct throttle *throttle, struct throttle_waiter *waiter);

/* The request that took a slot has ended. `sent`: whether it may have reached the service; without
   an answer the slot is held for a guard more, and a request never sent gives it back at once. */
void throttle_release(struct throttle *throttle, enum err_sent sent);

/* Nothing is granted for `ms` from now: the service asked for a pause (Retry-After). */
void throttle_pause(struct throttle *throttle, int64_t ms);

void throttle_stats(struct throttle *throttle, struct throttle_stats *stats);

/* Milliseconds until a request that comes now would get a slot: never more than it will take, but
   for requests of higher priority that come later. */
int64_t throttle_wait_ms(struct throttle *throttle, enum throttle_priority priority);
