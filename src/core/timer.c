#include "core/timer.h"

#include <stddef.h>

void timer_init(struct timer *timer, void (*fire)(void *context), void *context)
{
    *timer = (struct timer){.fire = fire, .context = context};
}

/* Makes `timer` the first of the list at `link`. */
static void prepend(struct timer **link, struct timer *timer)
{
    timer->next = *link;
    if (timer->next)
        timer->next->link = &timer->next;
    timer->link = link;
    *link = timer;
}

static void unlink_timer(struct timer *timer)
{
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->next = NULL;
}

/* Of two roots without siblings, the later one becomes a child of the earlier. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->due_ms < a->due_ms) {
        prepend(&b->child, a);
        return b;
    }
    prepend(&a->child, b);
    return a;
}

static struct timer *take_first(struct timer **list)
{
    struct timer *first = *list;

    if (first)
        unlink_timer(first);
    return first;
}

/* Melds the list pairwise, then the pairs from the last to the first. */
static struct timer *meld_list(struct timer *list)
{
    struct timer *pairs = NULL, *root = NULL;

    if (list)
        list->link = &list;
    while (list) {
        struct timer *a = take_first(&list);

        prepend(&pairs, meld(a, take_first(&list)));
    }
    while (pairs)
        root = meld(root, take_first(&pairs));
    return root;
}

static void set_first(struct timer_heap *heap, struct timer *first)
{
    heap->first = first;
    if (first)
        first->link = &heap->first;
}

void timer_heap_add(struct timer_heap *heap, struct timer *timer, int64_t due_ms)
{
    timer_heap_remove(heap, timer);
    timer->due_ms = due_ms;
    timer->started = true;
    timer->child = timer->next = NULL;
    set_first(heap, meld(heap->first, timer));
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer)
{
    if (!timer->started)
        return;
    timer->started = false;
    unlink_timer(timer);
    set_first(heap, meld(heap->first, meld_list(timer->child)));
}

struct timer *timer_heap_due(struct timer_heap *heap, int64_t now_ms)
{
    struct timer *first = heap->first;

    if (timer_heap_next(heap) > now_ms)
        return NULL;
    timer_heap_remove(heap, first);
    return first;
}

int64_t timer_heap_next(const struct timer_heap *heap)
{
    return heap->first ? heap->first->due_ms : INT64_MAX;
}
