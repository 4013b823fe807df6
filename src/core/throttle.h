/* throttle: at most `limit` requests in any window, counted at the server. A slot is taken when a
   request is sent and freed one window after its answer: the request arrived between the two, so
   whatever window the server counts holds no more. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct loop;
struct throttle;

enum throttle_priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW, PRIORITIES };

/* One request that wants a slot. Kept in place by its user while it waits. */
struct throttle_waiter {
    struct throttle_waiter *next;
    enum throttle_priority priority;
    void (*granted)(void *context); /* called from the loop when it had to wait */
    void *context;
    bool waiting;
};

struct throttle_stats {
    int limit;
    int64_t window_ms;
    int used;        /* in flight, or answered less than a window ago */
    int waiting;     /* requests that wait for a slot */
    int64_t wait_ms; /* until a request that comes now would get a slot; an estimate */
};

/* `limit` requests in `window_ms`; a limit of 0 means none. `loop` must outlive it. */
MUST_USE int throttle_new(
    struct throttle **out, struct loop *loop, int limit, int64_t window_ms, struct err *err);

/* Nobody may wait. NULL is fine. */
void throttle_free(struct throttle *throttle);

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

void throttle_stats(const struct throttle *throttle, struct throttle_stats *stats);
