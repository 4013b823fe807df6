#include "core/timer.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

void timer_init(struct timer *timer, void (*fire)(void *context), void *context) {
    *timer = (struct timer){.fire = fire, .context = context};
}

void timer_heap_init(struct timer_heap *heap) {
    *heap = (struct timer_heap){0};
}

void timer_heap_fini(struct timer_heap *heap) {
    free(heap->timers);
    timer_heap_init(heap);
}

/* Places run from 1: the children of i are 2i and 2i + 1. */
static struct timer *at(const struct timer_heap *heap, size_t place) {
    return heap->timers[place - 1];
}

static void put(struct timer_heap *heap, size_t place, struct timer *timer) {
    heap->timers[place - 1] = timer;
    timer->place = place;
}

static void rise(struct timer_heap *heap, struct timer *timer) {
    size_t place = timer->place;

    for (; place > 1 && at(heap, place / 2)->due_ms > timer->due_ms; place /= 2)
        put(heap, place, at(heap, place / 2));
    put(heap, place, timer);
}

static size_t earlier_child(const struct timer_heap *heap, size_t place) {
    size_t child = 2 * place;

    if (child < heap->count && at(heap, child + 1)->due_ms < at(heap, child)->due_ms)
        child++;
    return child;
}

static void sink(struct timer_heap *heap, struct timer *timer) {
    size_t place = timer->place;

    while (2 * place <= heap->count) {
        size_t child = earlier_child(heap, place);

        if (at(heap, child)->due_ms >= timer->due_ms)
            break;
        put(heap, place, at(heap, child));
        place = child;
    }
    put(heap, place, timer);
}

static int grow(struct timer_heap *heap, struct err *err) {
    size_t cap = heap->cap ? heap->cap * 2 : FIRST_CAPACITY;
    struct timer **timers = realloc(heap->timers, cap * sizeof(struct timer *));

    if (!timers)
        return err_no_memory(err);
    heap->timers = timers;
    heap->cap = cap;
    return 0;
}

int timer_heap_add(struct timer_heap *heap, struct timer *timer, int64_t due_ms,
                   struct err *err) {
    timer_heap_remove(heap, timer);
    if (heap->count == heap->cap && grow(heap, err))
        return -1;
    timer->due_ms = due_ms;
    heap->count++;
    put(heap, heap->count, timer);
    rise(heap, timer);
    return 0;
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer) {
    size_t place = timer->place;
    struct timer *last;

    if (!place)
        return;
    timer->place = 0;
    last = at(heap, heap->count);
    heap->count--;
    if (last == timer)
        return;
    put(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}

struct timer *timer_heap_due(struct timer_heap *heap, int64_t now_ms) {
    struct timer *first;

    if (timer_heap_next(heap) > now_ms)
        return NULL;
    first = at(heap, 1);
    timer_heap_remove(heap, first);
    return first;
}

int64_t timer_heap_next(const struct timer_heap *heap) {
    return heap->count ? at(heap, 1)->due_ms : INT64_MAX;
}
