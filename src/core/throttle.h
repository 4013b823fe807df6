/* throttle: at most `limit` requests in any window, counted at the server, over all processes
   of the user. A slot is taken when a request is sent and freed one window after its answer:
   the request arrived between the two, so whatever window the server counts holds no more. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/slots.h"

struct loop;
struct throttle;

enum throttle_priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW, PRIORITIES };

/* A sent request without an answer may still arrive for this long after its end. */
enum { THROTTLE_GUARD_MS = 5000 };

struct throttle_spec {
    const char *service; /* for messages */
    const char *folder;  /* of the state; NULL: this process alone */
    const char *name;    /* fingerprint of the account */
    int limit;           /* 0: none, only pauses count */
    int64_t window_ms;
};

/* One request that wants a slot. Kept in place by its user until it is released. */
struct throttle_waiter {
    struct throttle_waiter *next;
    enum throttle_priority priority;
    /* Called from the loop when it had to wait: the slot is taken, or `err` says why there is
       none. */
    void (*granted)(void *context, const struct err *err);
    void *context;
    int64_t pause_max_ms; /* a longer pause of the service is not waited for; 0: any one is */
    bool repeats;         /* not the first attempt of its call: earns no repetition */
    bool waiting;
    int64_t since_ms;
    struct slots_place place; /* of its slot */
};

struct throttle_stats {
    int limit;
    int64_t window_ms;
    int used;          /* in flight, or held */
    int waiting;       /* requests that wait for a slot, in all processes */
    int64_t wait_ms;   /* until a request that comes now can expect a slot */
    int64_t paused_ms; /* until the end of the pause that the service asked for */
};

/* Whoever opens the same name in the same folder on the same loop shares the throttle, and the
   strictest of their limits holds: the fewest requests in the longest window. `loop` must
   outlive it; the spec is copied. ERR_CONFIG when the state folder can't be used, or the limit
   is over SLOTS_ENDED_MAX. */
MUST_USE int throttle_new(struct throttle **out, struct loop *loop,
    const struct throttle_spec *spec, struct err *err);

/* Nobody who shares it through this opening may wait. NULL is fine. */
void throttle_free(struct throttle *throttle);

/* Takes a slot: 1 when there was one, 0 when the waiter now waits, -1 when the state is
   unusable or the service asked for too long a pause (ERR_RATE_LIMITED, with the time).
   First come first served, over all processes; a higher priority counts as having come two
   windows earlier, so nothing waits for ever. */
MUST_USE int throttle_take(
    struct throttle *throttle, struct throttle_waiter *waiter, struct err *err);

/* Stops waiting; does nothing when the waiter does not wait. */
void throttle_leave(struct throttle *throttle, struct throttle_waiter *waiter);

/* The request that took the waiter's slot has ended. Without an answer the slot is held for a
   guard more, and a request never sent gives it back at once. */
void throttle_release(
    struct throttle *throttle, struct throttle_waiter *waiter, enum err_sent sent);

/* Nothing is granted for `ms` from now, in any process: the service asked for it (Retry-After).
   For THROTTLE_PAUSE_MAX_MS at most: a service that means longer says it again. */
enum { THROTTLE_PAUSE_MAX_MS = 86400000 };
void throttle_pause(struct throttle *throttle, int64_t ms);

/* Takes a repetition from the budget that the account's processes share (slots.h), if there is
   one. */
MUST_USE bool throttle_spend_retry(struct throttle *throttle);

void throttle_stats(struct throttle *throttle, struct throttle_stats *stats);

/* How long a request of this priority that comes now waits at least. */
int64_t throttle_wait_ms(struct throttle *throttle, enum throttle_priority priority);

/* Process-wide: whether a wait of over 2 s is told on stderr, in one line, and whether a
   damaged state counts as fresh. */
void throttle_tell_waits(bool tell);
void throttle_assume_fresh(bool fresh);
