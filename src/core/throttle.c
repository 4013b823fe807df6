#include "core/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/slots_file.h"
#include "core/timer.h"

enum {
    ADVANCE_WINDOWS = 2, /* how much earlier a higher priority counts as having come */
    LOOK_MS = 1000,      /* how often an unforeseen change (a slot given back) is looked for */
    REAP_MS = 1000,      /* how often dead processes are looked for */
    TOLD_MS = 2000,      /* waits longer than this are told */
};

static bool tells_waits, assumes_fresh;

/* The queue of one priority. Its head alone stands in the shared queue. */
struct lane {
    struct throttle_waiter *first, **last;
    struct slots_place place;
    bool entered;
};

struct throttle {
    struct loop *loop;
    struct slots_file *file;
    char *service;
    int limit;
    int64_t window_ms;
    struct lane lanes[PRIORITIES];
    int waiting;
    int64_t reaped_ms;
    bool told; /* the wait under way */
    struct timer timer;
};

static void serve(void *context);

void throttle_tell_waits(bool tell)
{
    tells_waits = tell;
}

void throttle_assume_fresh(bool fresh)
{
    assumes_fresh = fresh;
}

/* ---- making ---- */

static int open_file(
    struct throttle *throttle, const struct throttle_spec *spec, struct err *err)
{
    struct slots_file_spec file = {
        .folder = spec->folder,
        .name = spec->name,
        .limit = spec->limit,
        .hold_ms = spec->window_ms + THROTTLE_GUARD_MS,
        .assume_fresh = assumes_fresh,
    };

    if (spec->limit > SLOTS_ENDED_MAX)
        return err_set(err, ERR_CONFIG, "a limit of %d is over %d, the most that is supported",
            spec->limit, SLOTS_ENDED_MAX);
    throttle->service = strdup(spec->service);
    return throttle->service ? slots_file_open(&throttle->file, &file, err)
                             : err_no_memory(err);
}

int throttle_new(
    struct throttle **out, struct loop *loop, const struct throttle_spec *spec, struct err *err)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);

    if (!throttle)
        return err_no_memory(err);
    throttle->loop = loop;
    throttle->limit = spec->limit;
    throttle->window_ms = spec->window_ms;
    timer_init(&throttle->timer, serve, throttle);
    for (int i = 0; i < PRIORITIES; i++)
        throttle->lanes[i].last = &throttle->lanes[i].first;
    if (open_file(throttle, spec, err)) {
        throttle_free(throttle);
        return -1;
    }
    *out = throttle;
    return 0;
}

void throttle_free(struct throttle *throttle)
{
    if (!throttle)
        return;
    loop_timer_stop(throttle->loop, &throttle->timer);
    slots_file_close(throttle->file);
    free(throttle->service);
    free(throttle);
}

/* ---- under the lock ---- */

/* Without a limit only a pause can keep a request back, and its place is none (ticket 0). */
static bool take(struct throttle *throttle, struct slots *slots, struct throttle_waiter *waiter)
{
    int64_t now_ms = clock_ms();
    bool taken = now_ms >= slots->paused_until_ms;

    waiter->place = (struct slots_place){0, 0};
    if (throttle->limit)
        taken = slots_take(slots, throttle->limit, now_ms, slots_file_owner(), &waiter->place);
    if (taken && !waiter->repeats)
        slots_earn_retry(slots);
    return taken;
}

/* Rarely, and only when something waits: it looks at every process that holds a slot. */
static void reap(struct throttle *throttle, struct slots *slots)
{
    int64_t now_ms = clock_ms();
    int64_t every_ms = throttle->window_ms / 4 < REAP_MS ? throttle->window_ms / 4 : REAP_MS;

    if (now_ms < throttle->reaped_ms + every_ms)
        return;
    throttle->reaped_ms = now_ms;
    slots_reap(
        slots, slots_file_is_alive, now_ms + 1 + throttle->window_ms + THROTTLE_GUARD_MS);
}

static int64_t key_of(const struct throttle *throttle, const struct throttle_waiter *waiter)
{
    int64_t advance_ms = ADVANCE_WINDOWS * throttle->window_ms;

    return waiter->since_ms + ((int)waiter->priority - PRIORITY_NORMAL) * advance_ms;
}

static void enter(struct throttle *throttle, struct slots *slots, struct lane *lane)
{
    int64_t now_ms = clock_ms();

    lane->entered = lane->entered && slots_waits(slots, lane->place);
    if (lane->entered)
        slots_see(slots, lane->place, now_ms);
    else if (lane->first)
        lane->entered = slots_enter(
            slots, key_of(throttle, lane->first), now_ms, slots_file_owner(), &lane->place);
}

static void leave(struct slots *slots, struct lane *lane)
{
    if (lane->entered)
        slots_leave(slots, lane->place);
    lane->entered = false;
}

static struct throttle_waiter *unqueue_first(struct throttle *throttle, struct lane *lane)
{
    struct throttle_waiter *waiter = lane->first;

    lane->first = waiter->next;
    if (!lane->first)
        lane->last = &lane->first;
    waiter->next = NULL;
    waiter->waiting = false;
    throttle->waiting--;
    return waiter;
}

/* Whether the head of the lane gets its slot now: as many are free as stand in front, and one. */
static bool has_turn(struct throttle *throttle, struct slots *slots, const struct lane *lane)
{
    int64_t now_ms = clock_ms();

    if (!lane->first || !lane->entered)
        return false;
    return !throttle->limit ||
           slots_rank(slots, lane->place, now_ms) < throttle->limit - slots_used(slots, now_ms);
}

/* A lane whose head has its turn. All heads stand in the queue before any is served: the next one of
   a lane may have come before those of the others. */
static struct lane *lane_in_turn(struct throttle *throttle, struct slots *slots)
{
    for (int i = 0; i < PRIORITIES; i++)
        enter(throttle, slots, &throttle->lanes[i]);
    for (int i = 0; i < PRIORITIES; i++)
        if (has_turn(throttle, slots, &throttle->lanes[i]))
            return &throttle->lanes[i];
    return NULL;
}

/* Moves everything that has its turn from the queues to the list. */
static void grant(
    struct throttle *throttle, struct slots *slots, struct throttle_waiter **granted)
{
    struct lane *lane;

    while ((lane = lane_in_turn(throttle, slots)) && take(throttle, slots, lane->first)) {
        leave(slots, lane);
        *granted = unqueue_first(throttle, lane);
        granted = &(*granted)->next;
    }
}

/* When to look again: at the first slot that one of our heads can expect. */
static int64_t next_look_ms(struct throttle *throttle, struct slots *slots)
{
    int64_t now_ms = clock_ms(), look_ms = now_ms + LOOK_MS;

    for (int i = 0; i < PRIORITIES; i++) {
        const struct lane *lane = &throttle->lanes[i];
        int64_t due_ms;

        if (!lane->first || !lane->entered)
            continue;
        due_ms = throttle->limit
                     ? slots_due_ms(slots, throttle->limit,
                           slots_rank(slots, lane->place, now_ms), now_ms, throttle->window_ms)
                     : slots->paused_until_ms;
        if (due_ms < look_ms)
            look_ms = due_ms;
    }
    return look_ms > now_ms ? look_ms - now_ms : 1;
}

static void read_stats(
    const struct throttle *throttle, struct slots *slots, struct throttle_stats *stats)
{
    int64_t now_ms = clock_ms(), due_ms = slots->paused_until_ms;
    int ahead =
        throttle->waiting > (int)slots->waiting ? throttle->waiting : (int)slots->waiting;
    int rounds = throttle->limit ? ahead / throttle->limit : 0;

    if (throttle->limit)
        due_ms = slots_due_ms(slots, throttle->limit, ahead - rounds * throttle->limit, now_ms,
                     throttle->window_ms) +
                 rounds * throttle->window_ms;
    *stats = (struct throttle_stats){
        .limit = throttle->limit,
        .window_ms = throttle->window_ms,
        .used = slots_used(slots, now_ms),
        .waiting = ahead,
        .wait_ms = due_ms > now_ms ? due_ms - now_ms : 0,
    };
}

/* ---- waiting ---- */

/* One line for each time that requests have to wait. */
static void tell(struct throttle *throttle, const struct throttle_stats *stats)
{
    if (!tells_waits || throttle->told || stats->wait_ms <= TOLD_MS)
        return;
    throttle->told = true;
    fprintf(stderr,
        "siterun: %s: waiting for the limit of %d in %g s: %d used, next slot in %lld s, %d "
        "waiting\n",
        throttle->service, stats->limit, (double)stats->window_ms / 1000, stats->used,
        (long long)(stats->wait_ms + 999) / 1000, stats->waiting);
}

static void call_granted(struct throttle_waiter *granted)
{
    while (granted) {
        struct throttle_waiter *waiter = granted;

        granted = waiter->next;
        waiter->next = NULL;
        waiter->granted(waiter->context, NULL);
    }
}

/* The state can't be used any more: everybody who waits is told. */
static void fail_all(struct throttle *throttle, const struct err *err)
{
    for (int i = 0; i < PRIORITIES; i++) {
        struct lane *lane = &throttle->lanes[i];

        lane->entered = false;
        while (lane->first) {
            struct throttle_waiter *waiter = unqueue_first(throttle, lane);

            waiter->granted(waiter->context, err);
        }
    }
}

static void serve(void *context)
{
    struct throttle *throttle = context;
    struct throttle_waiter *granted = NULL;
    struct throttle_stats stats;
    struct slots *slots;
    struct err err;
    int64_t look_ms;

    if (!throttle->waiting)
        return;
    if (slots_file_lock(throttle->file, &slots, &err)) {
        fail_all(throttle, &err);
        return;
    }
    reap(throttle, slots);
    grant(throttle, slots, &granted);
    look_ms = next_look_ms(throttle, slots);
    read_stats(throttle, slots, &stats);
    slots_file_unlock(throttle->file);
    if (throttle->waiting)
        loop_timer_start(throttle->loop, &throttle->timer, look_ms);
    if (throttle->waiting && !granted)
        tell(throttle, &stats);
    else
        throttle->told = false;
    call_granted(granted);
}

static void enqueue(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];

    waiter->next = NULL;
    waiter->waiting = true;
    waiter->since_ms = clock_ms();
    *lane->last = waiter;
    lane->last = &waiter->next;
    throttle->waiting++;
}

int throttle_take(struct throttle *throttle, struct throttle_waiter *waiter, struct err *err)
{
    struct slots *slots;
    bool taken;

    if (slots_file_lock(throttle->file, &slots, err))
        return -1;
    taken = !throttle->waiting && !slots->waiting && take(throttle, slots, waiter);
    slots_file_unlock(throttle->file);
    if (taken)
        return 1;
    enqueue(throttle, waiter);
    if (throttle->lanes[waiter->priority].first == waiter)
        loop_timer_start(throttle->loop, &throttle->timer, 0);
    return 0;
}

void throttle_leave(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];
    struct throttle_waiter **link = &lane->first;
    struct slots *slots;
    struct err ignored;

    if (!waiter->waiting)
        return;
    if (lane->first == waiter && !slots_file_lock(throttle->file, &slots, &ignored)) {
        leave(slots, lane);
        slots_file_unlock(throttle->file);
        loop_timer_start(throttle->loop, &throttle->timer, 0);
    }
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!waiter->next)
        lane->last = link;
    waiter->waiting = false;
    throttle->waiting--;
}

/* ---- the rest ---- */

void throttle_release(
    struct throttle *throttle, struct throttle_waiter *waiter, enum err_sent sent)
{
    /* One millisecond more, since clock_ms cuts off what is below one. */
    int64_t free_ms =
        clock_ms() + 1 + throttle->window_ms + (sent == SENT_UNKNOWN ? THROTTLE_GUARD_MS : 0);
    struct slots *slots;
    struct err ignored;

    if (!waiter->place.ticket || slots_file_lock(throttle->file, &slots, &ignored))
        return;
    slots_release(slots, waiter->place, sent == SENT_NO ? 0 : free_ms);
    slots_file_unlock(throttle->file);
    waiter->place.ticket = 0;
    if (throttle->waiting && sent == SENT_NO)
        loop_timer_start(throttle->loop, &throttle->timer, 0);
}

void throttle_pause(struct throttle *throttle, int64_t ms)
{
    struct slots *slots;
    struct err ignored;

    if (slots_file_lock(throttle->file, &slots, &ignored))
        return;
    slots_pause(slots, clock_ms() + ms);
    slots_file_unlock(throttle->file);
}

bool throttle_spend_retry(struct throttle *throttle)
{
    struct slots *slots;
    struct err ignored;
    bool spent;

    if (slots_file_lock(throttle->file, &slots, &ignored))
        return false;
    spent = slots_spend_retry(slots);
    slots_file_unlock(throttle->file);
    return spent;
}

void throttle_stats(struct throttle *throttle, struct throttle_stats *stats)
{
    struct slots *slots;
    struct err ignored;

    *stats = (struct throttle_stats){.limit = throttle->limit,
        .window_ms = throttle->window_ms,
        .waiting = throttle->waiting};
    if (slots_file_lock(throttle->file, &slots, &ignored))
        return;
    read_stats(throttle, slots, stats);
    slots_file_unlock(throttle->file);
}
