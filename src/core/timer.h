/* timer: calls due at an instant, in a pairing heap made of its users' structs (Fredman,
   Sedgewick, Sleator, Tarjan 1986). It needs no memory of its own, so starting a timer cannot
   fail. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Kept in place by its user while started. */
struct timer {
    int64_t due_ms; /* clock_ms */
    void (*fire)(void *context);
    void *context;
    bool started;
    struct timer *child, *next;
    struct timer **link; /* what points here: a parent's `child` or a sibling's `next` */
};

/* The heap: its first timer, NULL when empty. */
struct timer_heap {
    struct timer *first;
};

void timer_init(struct timer *timer, void (*fire)(void *context), void *context);

/* Starts the timer, or moves a started one. */
void timer_heap_add(struct timer_heap *heap, struct timer *timer, int64_t due_ms);

/* Stopping a timer that is not started does nothing. */
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);

/* Stops and returns the timer that is due first, NULL when none is due at `now_ms`. */
struct timer *timer_heap_due(struct timer_heap *heap, int64_t now_ms);

/* The instant of the first timer, INT64_MAX when there is none. */
int64_t timer_heap_next(const struct timer_heap *heap);
