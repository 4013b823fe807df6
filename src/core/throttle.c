#include "core/throttle.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/timer.h"

/* How long after its end an unanswered request may still arrive at the server. */
enum { GUARD_MS = 5000 };

struct lane {
    struct throttle_waiter *first, **last;
};

struct throttle {
    struct loop *loop;
    int limit;
    int64_t window_ms;
    int in_flight;
    int64_t paused_until_ms;
    /* When the slots of ended requests become free, earliest first: a ring of `limit` places. */
    int64_t *free_at_ms;
    int first, ended;
    struct lane lanes[PRIORITIES];
    int waiting;
    struct timer timer;
};

static void serve(void *context);

int throttle_new(
    struct throttle **out, struct loop *loop, int limit, int64_t window_ms, struct err *err)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);

    if (!throttle)
        return err_no_memory(err);
    throttle->loop = loop;
    throttle->limit = limit;
    throttle->window_ms = window_ms;
    timer_init(&throttle->timer, serve, throttle);
    for (int i = 0; i < PRIORITIES; i++)
        throttle->lanes[i].last = &throttle->lanes[i].first;
    throttle->free_at_ms = calloc((size_t)limit + 1, sizeof *throttle->free_at_ms);
    if (!throttle->free_at_ms) {
        throttle_free(throttle);
        return err_no_memory(err);
    }
    *out = throttle;
    return 0;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    loop_timer_stop(throttle->loop, &throttle->timer);
    free(throttle->free_at_ms);
    free(throttle);
}

static int64_t *ended_at(const struct throttle *throttle, int i)
{
    return &throttle->free_at_ms[(throttle->first + i) % throttle->limit];
}

static void drop_expired(struct throttle *throttle, int64_t now_ms)
{
    while (throttle->ended && *ended_at(throttle, 0) <= now_ms) {
        throttle->first = (throttle->first + 1) % throttle->limit;
        throttle->ended--;
    }
}

static bool take_free(struct throttle *throttle)
{
    int64_t now_ms = clock_ms();

    if (!throttle->limit && throttle->paused_until_ms <= now_ms)
        return true;
    drop_expired(throttle, now_ms);
    if (now_ms < throttle->paused_until_ms ||
        throttle->in_flight + throttle->ended >= throttle->limit)
        return false;
    throttle->in_flight++;
    return true;
}

/* When the next slot is known to become free: only answers still to come can make it later. */
static int64_t next_free_ms(const struct throttle *throttle)
{
    int64_t free_ms = clock_ms();

    if (throttle->limit && throttle->in_flight + throttle->ended >= throttle->limit)
        free_ms = throttle->ended ? *ended_at(throttle, 0) : free_ms + throttle->window_ms;
    return free_ms > throttle->paused_until_ms ? free_ms : throttle->paused_until_ms;
}

static void arm(struct throttle *throttle)
{
    int64_t delay_ms = next_free_ms(throttle) - clock_ms();

    if (!throttle->waiting)
        loop_timer_stop(throttle->loop, &throttle->timer);
    else
        loop_timer_start(throttle->loop, &throttle->timer, delay_ms > 0 ? delay_ms : 1);
}

static void enqueue(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];

    waiter->next = NULL;
    waiter->waiting = true;
    *lane->last = waiter;
    lane->last = &waiter->next;
    throttle->waiting++;
}

static struct throttle_waiter *first_waiter(const struct throttle *throttle)
{
    for (int i = 0; i < PRIORITIES; i++)
        if (throttle->lanes[i].first)
            return throttle->lanes[i].first;
    return NULL;
}

bool throttle_take(struct throttle *throttle, struct throttle_waiter *waiter)
{
    if (!throttle->waiting && take_free(throttle))
        return true;
    enqueue(throttle, waiter);
    arm(throttle);
    return false;
}

void throttle_leave(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];
    struct throttle_waiter **link = &lane->first;

    if (!waiter->waiting)
        return;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!waiter->next)
        lane->last = link;
    waiter->waiting = false;
    throttle->waiting--;
}

static void serve(void *context)
{
    struct throttle *throttle = context;
    struct throttle_waiter *waiter;

    while ((waiter = first_waiter(throttle)) && take_free(throttle)) {
        throttle_leave(throttle, waiter);
        waiter->granted(waiter->context);
    }
    arm(throttle);
}

/* Keeps the ring sorted: a guard makes an entry later than those that follow it. */
static void hold_until(struct throttle *throttle, int64_t free_ms)
{
    int i = throttle->ended++;

    for (; i && *ended_at(throttle, i - 1) > free_ms; i--)
        *ended_at(throttle, i) = *ended_at(throttle, i - 1);
    *ended_at(throttle, i) = free_ms;
}

void throttle_release(struct throttle *throttle, enum err_sent sent)
{
    if (!throttle->limit)
        return;
    throttle->in_flight--;
    /* One millisecond more, since clock_ms cuts off what is below one. */
    if (sent != SENT_NO)
        hold_until(throttle,
            clock_ms() + 1 + throttle->window_ms + (sent == SENT_UNKNOWN ? GUARD_MS : 0));
    if (throttle->waiting)
        arm(throttle);
}

void throttle_pause(struct throttle *throttle, int64_t ms)
{
    int64_t until_ms = clock_ms() + ms;

    if (until_ms > throttle->paused_until_ms)
        throttle->paused_until_ms = until_ms;
    if (throttle->waiting)
        arm(throttle);
}

/* The waiter at place n gets the slot that is the n-th to become free; beyond the slots whose
   time is known, a whole window more for each round. */
static int64_t estimate_ms(const struct throttle *throttle)
{
    int64_t now_ms = clock_ms(), free_ms = next_free_ms(throttle);
    int rounds = throttle->limit ? throttle->waiting / throttle->limit : 0;
    int place = throttle->limit ? throttle->waiting % throttle->limit : 0;

    if (place && place<throttle->ended && * ended_at(throttle, place)> free_ms)
        free_ms = *ended_at(throttle, place);
    return free_ms - now_ms + rounds * throttle->window_ms;
}

void throttle_stats(const struct throttle *throttle, struct throttle_stats *stats)
{
    int64_t now_ms = clock_ms();
    int expired = 0;

    while (expired < throttle->ended && *ended_at(throttle, expired) <= now_ms)
        expired++;
    *stats = (struct throttle_stats){
        .limit = throttle->limit,
        .window_ms = throttle->window_ms,
        .used = throttle->in_flight + throttle->ended - expired,
        .waiting = throttle->waiting,
        .wait_ms = estimate_ms(throttle),
    };
    if (stats->wait_ms < 0)
        stats->wait_ms = 0;
}
