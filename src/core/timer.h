/* timer: calls due at an instant, in a binary heap that holds pointers to its users' structs. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Kept in place by its user while started. */
struct timer {
    int64_t due_ms; /* clock_ms */
    void (*fire)(void *context);
    void *context;
    size_t place; /* in the heap, from 1; 0 when not started */
};

struct timer_heap {
    struct timer **timers;
    size_t count, cap;
};

void timer_init(struct timer *timer, void (*fire)(void *context), void *context);

void timer_heap_init(struct timer_heap *heap);
void timer_heap_fini(struct timer_heap *heap);

/* Starts the timer, or moves a started one. Fails only for want of memory, and never when the
   timer was started already. */
MUST_USE int timer_heap_add(struct timer_heap *heap, struct timer *timer, int64_t due_ms,
                            struct err *err);

/* Stopping a timer that is not started does nothing. */
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);

/* Stops and returns the timer that is due first, NULL when none is due at `now_ms`. */
struct timer *timer_heap_due(struct timer_heap *heap, int64_t now_ms);

/* The instant of the first timer, INT64_MAX when there is none. */
int64_t timer_heap_next(const struct timer_heap *heap);
