#include "core/slots_queue.h"

/* See slots.c. */
static void fence(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

bool slots_queue_enter(struct slots *slots, int64_t key_ms, int64_t now_ms,
    struct slots_owner owner, struct slots_place *place)
{
    uint32_t index = 0;

    while (index < SLOTS_WAITERS_MAX && slots->waiters[index].id)
        index++;
    if (index == SLOTS_WAITERS_MAX)
        return false;
    *place = (struct slots_place){.index = index, .ticket = slots->next_id++};
    slots->waiting++;
    fence();
    slots->waiters[index] =
        (struct slots_waiter){.key_ms = key_ms, .seen_ms = now_ms, .owner = owner};
    fence();
    slots->waiters[index].id = place->ticket;
    return true;
}

void slots_queue_leave(struct slots *slots, struct slots_place place)
{
    if (!slots_queue_has(slots, place))
        return;
    slots->waiters[place.index].id = 0;
    fence();
    slots->waiting--;
}

bool slots_queue_has(const struct slots *slots, struct slots_place place)
{
    return place.ticket && slots->waiters[place.index].id == place.ticket;
}

void slots_queue_see(struct slots *slots, struct slots_place place, int64_t now_ms)
{
    if (slots_queue_has(slots, place))
        slots->waiters[place.index].seen_ms = now_ms;
}

void slots_queue_set_behind(
    struct slots *slots, struct slots_place place, const struct slots_behind *behind)
{
    if (slots_queue_has(slots, place))
        slots->waiters[place.index].behind = *behind;
}

static bool is_seen(const struct slots_waiter *waiter, int64_t now_ms)
{
    return waiter->id && waiter->seen_ms + SLOTS_QUEUE_SEEN_MS >= now_ms;
}

/* Beyond the known keys they are taken for evenly spread. */
static int64_t count_far(const struct slots_behind *behind, int64_t key_ms)
{
    int64_t far = behind->count - SLOTS_KEYS_MAX, from_ms = behind->keys_ms[SLOTS_KEYS_MAX - 1];

    if (far <= 0)
        return 0;
    if (far > SLOTS_QUEUE_FAR_MAX)
        far = SLOTS_QUEUE_FAR_MAX;
    if (key_ms >= behind->last_key_ms || behind->last_key_ms <= from_ms)
        return far;
    return (int64_t)((double)far * (double)(key_ms - from_ms) /
                     (double)(behind->last_key_ms - from_ms));
}

/* A waiter and those behind it, up to the key. These count while its process looks in time. */
static int count_to(const struct slots_waiter *waiter, int64_t key_ms, int64_t now_ms)
{
    const struct slots_behind *behind = &waiter->behind;
    int count = 1;

    if (waiter->seen_ms + SLOTS_QUEUE_PROMPT_MS < now_ms)
        return count;
    for (int i = 0; i < SLOTS_KEYS_MAX && i < behind->count; i++, count++)
        if (behind->keys_ms[i] > key_ms)
            return count;
    return count + (int)count_far(behind, key_ms);
}

int slots_queue_ahead(const struct slots *slots, int64_t key_ms, int64_t now_ms)
{
    const struct slots_waiter *waiter = slots->waiters;
    int ahead = 0;

    for (; slots->waiting && waiter < slots->waiters + SLOTS_WAITERS_MAX; waiter++)
        if (is_seen(waiter, now_ms) && waiter->key_ms <= key_ms)
            ahead += count_to(waiter, key_ms, now_ms);
    return ahead;
}

static bool is_before(const struct slots_waiter *a, const struct slots_waiter *b)
{
    return a->key_ms < b->key_ms || (a->key_ms == b->key_ms && a->id < b->id);
}

int slots_queue_rank(const struct slots *slots, struct slots_place place, int64_t now_ms)
{
    const struct slots_waiter *waiter = slots->waiters, *self = &waiter[place.index];
    int rank = 0;

    for (; waiter < slots->waiters + SLOTS_WAITERS_MAX; waiter++)
        if (is_seen(waiter, now_ms) && is_before(waiter, self))
            rank += count_to(waiter, self->key_ms, now_ms);
    return rank;
}
