#include "core/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/lane.h"
#include "core/loop.h"
#include "core/notice.h"
#include "core/slots_budget.h"
#include "core/slots_ends.h"
#include "core/slots_file.h"
#include "core/slots_owner.h"
#include "core/slots_queue.h"
#include "core/timer.h"

enum {
    ADVANCE_WINDOWS = 2, /* how much earlier a higher priority counts as having come */
    LOOK_MS = 1000,      /* how often an unforeseen change (a slot given back) is looked for */
    REAP_MS = 1000,      /* how often dead processes are looked for */
};

static bool tells_waits, assumes_fresh;
static struct throttle *all;

struct throttle {
    struct throttle *next; /* of all that are open */
    int openings;
    struct loop *loop;
    struct slots_file *file;
    struct slots_owner owner;
    char *service, *name, *folder;
    int limit;
    int64_t window_ms;
    struct lane lanes[PRIORITIES];
    int waiting;
    int64_t reaped_ms;
    struct notice notice;
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
    throttle->name = strdup(spec->name);
    throttle->folder = strdup(spec->folder ? spec->folder : "");
    if (!throttle->service || !throttle->name || !throttle->folder)
        return err_no_memory(err);
    return slots_file_open(&throttle->file, &file, err);
}

static void destroy(struct throttle *throttle)
{
    loop_timer_stop(throttle->loop, &throttle->timer);
    slots_file_close(throttle->file);
    free(throttle->service);
    free(throttle->name);
    free(throttle->folder);
    free(throttle);
}

static struct throttle *find(const struct loop *loop, const struct throttle_spec *spec)
{
    const char *folder = spec->folder ? spec->folder : "";
    struct throttle *throttle = all;

    while (throttle && (throttle->loop != loop || strcmp(throttle->name, spec->name) != 0 ||
                           strcmp(throttle->folder, folder) != 0))
        throttle = throttle->next;
    return throttle;
}

static void tighten(struct throttle *throttle, const struct throttle_spec *spec)
{
    if (spec->limit && (!throttle->limit || spec->limit < throttle->limit))
        throttle->limit = spec->limit;
    if (spec->window_ms > throttle->window_ms)
        throttle->window_ms = spec->window_ms;
}

static int create(
    struct throttle **out, struct loop *loop, const struct throttle_spec *spec, struct err *err)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);

    if (!throttle)
        return err_no_memory(err);
    throttle->loop = loop;
    throttle->owner = slots_owner_self();
    tighten(throttle, spec);
    timer_init(&throttle->timer, serve, throttle);
    for (int i = 0; i < PRIORITIES; i++)
        lane_init(
            &throttle->lanes[i], (i - PRIORITY_NORMAL) * ADVANCE_WINDOWS * spec->window_ms);
    if (open_file(throttle, spec, err)) {
        destroy(throttle);
        return -1;
    }
    throttle->next = all;
    all = throttle;
    *out = throttle;
    return 0;
}

int throttle_new(
    struct throttle **out, struct loop *loop, const struct throttle_spec *spec, struct err *err)
{
    *out = find(loop, spec);
    if (!*out && create(out, loop, spec, err))
        return -1;
    tighten(*out, spec);
    (*out)->openings++;
    return 0;
}

void throttle_free(struct throttle *throttle)
{
    struct throttle **link = &all;

    if (!throttle || --throttle->openings)
        return;
    while (*link != throttle)
        link = &(*link)->next;
    *link = throttle->next;
    destroy(throttle);
}

/* ---- under the lock ---- */

static int64_t hold_ms(const struct throttle *throttle)
{
    return throttle->window_ms + THROTTLE_GUARD_MS;
}

static bool take_slot(
    struct throttle *throttle, struct slots *slots, struct slots_place *place, int64_t now_ms)
{
    if (slots_reserve(slots, throttle->limit, now_ms, now_ms + hold_ms(throttle)))
        slots_file_sync(throttle->file);
    return slots_take(slots, throttle->limit, now_ms, throttle->owner, place) &&
           slots_file_is_whole(throttle->file);
}

/* Without a limit only a pause can keep a request back, and its place is none (ticket 0). */
static bool take(struct throttle *throttle, struct slots *slots, struct throttle_waiter *waiter)
{
    int64_t now_ms = clock_ms();
    bool taken = now_ms >= slots->paused_until_ms;

    waiter->place = (struct slots_place){0, 0};
    if (throttle->limit)
        taken = take_slot(throttle, slots, &waiter->place, now_ms);
    if (taken && !waiter->repeats)
        slots_budget_earn(slots);
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
    slots_reap(slots, slots_owner_is_alive, now_ms + 1 + hold_ms(throttle));
}

/* Moves everything that has its turn from the queues to the list. */
static void grant(
    struct throttle *throttle, struct slots *slots, struct throttle_waiter **granted)
{
    struct lane *lane;

    while ((lane = lane_in_turn(throttle->lanes, slots, throttle->limit)) &&
           take(throttle, slots, lane->first)) {
        lane_leave(lane, slots);
        *granted = lane->first;
        lane_remove(lane, lane->first);
        throttle->waiting--;
        granted = &(*granted)->next;
    }
}

/* Milliseconds from now. */
static int64_t left_ms(int64_t until_ms)
{
    int64_t now_ms = clock_ms();

    return until_ms > now_ms ? until_ms - now_ms : 0;
}

static struct throttle_waiter *refuse(struct throttle *throttle, struct slots *slots)
{
    int64_t pause_ms = left_ms(slots->paused_until_ms);
    struct throttle_waiter *refused = NULL;

    for (int i = 0; i < PRIORITIES; i++) {
        struct lane *lane = &throttle->lanes[i];

        throttle->waiting -= lane->count;
        lane_refuse(lane, slots, pause_ms, &refused);
        throttle->waiting += lane->count;
    }
    return refused;
}

static void read_stats(
    const struct throttle *throttle, struct slots *slots, struct throttle_stats *stats)
{
    int64_t now_ms = clock_ms();

    slots_ends_settle(slots);
    *stats = (struct throttle_stats){
        .limit = throttle->limit,
        .window_ms = throttle->window_ms,
        .used = slots_used(slots, now_ms),
        .waiting = slots_queue_ahead(slots, INT64_MAX, now_ms),
        .wait_ms = lane_wait_ms(
            &throttle->lanes[PRIORITY_NORMAL], slots, throttle->limit, throttle->window_ms),
        .paused_ms = left_ms(slots->paused_until_ms),
    };
}

/* ---- waiting ---- */

/* Whether to tell again soon. */
static bool tell(
    struct throttle *throttle, const struct throttle_stats *stats, struct notice_wait wait)
{
    wait.service = throttle->service;
    wait.limit = stats->limit;
    wait.used = stats->used;
    wait.window_ms = stats->window_ms;
    return tells_waits && notice_tell(&throttle->notice, &wait, clock_ms());
}

static int fail_pause(const struct throttle *throttle, int64_t pause_ms, struct err *err)
{
    err_set(err, ERR_RATE_LIMITED, "%s asked for a pause that is not over", throttle->service);
    err->retry_after = (double)pause_ms / 1000;
    return -1;
}

/* The state can't be used any more: everybody who waits is told. */
static void fail_all(struct throttle *throttle, const struct err *err)
{
    for (int i = 0; i < PRIORITIES; i++) {
        struct lane *lane = &throttle->lanes[i];

        lane->entered = false;
        while (lane->first) {
            struct throttle_waiter *waiter = lane->first;

            lane_remove(lane, waiter);
            throttle->waiting--;
            waiter->granted(waiter->context, err);
        }
    }
}

static void look_again(struct throttle *throttle, int64_t next_ms)
{
    next_ms = next_ms > LOOK_MS ? LOOK_MS : next_ms;
    if (throttle->waiting)
        loop_timer_start(throttle->loop, &throttle->timer, next_ms > 0 ? next_ms : 1);
}

/* Grants what can be; then how long the next one takes, and what to tell of it. Under the
   lock. */
static int64_t grant_and_look(struct throttle *throttle, struct slots *slots,
    struct throttle_waiter **granted, struct throttle_stats *stats, struct notice_wait *wait)
{
    int64_t due_ms;

    reap(throttle, slots);
    slots_ends_settle(slots);
    grant(throttle, slots, granted);
    due_ms = lane_due_ms(throttle->lanes, slots, throttle->limit, throttle->window_ms);
    read_stats(throttle, slots, stats);
    wait->left_ms = left_ms(due_ms);
    wait->paused = due_ms == slots->paused_until_ms;
    wait->others = stats->waiting - 1; /* not the one that is told of */
    return wait->left_ms;
}

static void serve(void *context)
{
    struct throttle *throttle = context;
    struct throttle_waiter *granted = NULL, *refused;
    struct throttle_stats stats;
    struct notice_wait wait = {0};
    struct slots *slots;
    struct err err;
    int64_t next_ms;

    if (!throttle->waiting) {
        slots_file_settle(throttle->file);
        return;
    }
    if (slots_file_lock(throttle->file, &slots, &err)) {
        fail_all(throttle, &err);
        return;
    }
    refused = refuse(throttle, slots);
    next_ms = grant_and_look(throttle, slots, &granted, &stats, &wait);
    slots_file_unlock(throttle->file);
    if (!throttle->waiting || granted)
        notice_end(&throttle->notice);
    else if (tell(throttle, &stats, wait) && next_ms > NOTICE_GATHER_MS)
        next_ms = NOTICE_GATHER_MS;
    look_again(throttle, next_ms);
    fail_pause(throttle, stats.paused_ms, &err);
    lane_call(refused, &err);
    lane_call(granted, NULL);
}

/* Without a limit most requests change nothing that others see, and need no lock. */
static bool passes(struct throttle *throttle, struct throttle_waiter *waiter)
{
    if (throttle->limit || throttle->waiting || !slots_file_lets_pass(throttle->file))
        return false;
    waiter->place = (struct slots_place){0, 0};
    notice_end(&throttle->notice);
    return true;
}

int throttle_take(struct throttle *throttle, struct throttle_waiter *waiter, struct err *err)
{
    struct lane *lane = &throttle->lanes[waiter->priority];
    struct slots *slots;
    int64_t pause_ms;
    bool taken;

    if (passes(throttle, waiter))
        return 1;
    if (slots_file_lock(throttle->file, &slots, err))
        return -1;
    pause_ms = left_ms(slots->paused_until_ms);
    if (waiter->pause_max_ms && pause_ms > waiter->pause_max_ms) {
        slots_file_unlock(throttle->file);
        return fail_pause(throttle, pause_ms, err);
    }
    taken = !throttle->waiting && !slots->waiting && take(throttle, slots, waiter);
    if (!taken) {
        lane_add(lane, waiter);
        lane_enter(lane, slots);
        throttle->waiting++;
    }
    slots_file_unlock(throttle->file);
    if (taken) {
        loop_timer_stop(throttle->loop, &throttle->timer);
        notice_end(&throttle->notice);
        return 1;
    }
    if (lane->first == waiter)
        loop_timer_start(throttle->loop, &throttle->timer, 0);
    return 0;
}

void throttle_leave(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];
    bool was_first = lane->first == waiter;
    struct slots *slots;
    struct err ignored;

    if (!waiter->waiting)
        return;
    lane_remove(lane, waiter);
    throttle->waiting--;
    if (slots_file_lock(throttle->file, &slots, &ignored))
        return;
    if (was_first)
        lane_leave(lane, slots);
    lane_enter(lane, slots);
    slots_file_unlock(throttle->file);
    if (was_first)
        loop_timer_start(throttle->loop, &throttle->timer, 0);
}

/* Ends it without the lock, which the next request of this process is likely to take; in any
   case before the loop waits for anything. */
static bool ends(struct throttle *throttle, struct throttle_waiter *waiter, int64_t free_ms)
{
    if (throttle->waiting || !slots_file_end(throttle->file, waiter->place, free_ms))
        return false;
    waiter->place.ticket = 0;
    loop_timer_start(throttle->loop, &throttle->timer, 0);
    return true;
}

void throttle_release(
    struct throttle *throttle, struct throttle_waiter *waiter, enum err_sent sent)
{
    /* One millisecond more, since clock_ms cuts off what is below one. */
    int64_t free_ms =
        clock_ms() + 1 + throttle->window_ms + (sent == SENT_UNKNOWN ? THROTTLE_GUARD_MS : 0);
    struct slots *slots;
    struct err ignored;

    if (!waiter->place.ticket || (sent != SENT_NO && ends(throttle, waiter, free_ms)) ||
        slots_file_lock(throttle->file, &slots, &ignored))
        return;
    slots_release(slots, waiter->place, sent == SENT_NO ? 0 : free_ms);
    slots_file_unlock(throttle->file);
    waiter->place.ticket = 0;
    if (throttle->waiting && sent == SENT_NO)
        loop_timer_start(throttle->loop, &throttle->timer, 0);
}

void throttle_pause(struct throttle *throttle, int64_t ms)
{
    struct throttle_stats stats;
    struct slots *slots;
    struct err ignored;

    if (ms > THROTTLE_PAUSE_MAX_MS)
        ms = THROTTLE_PAUSE_MAX_MS;
    if (slots_file_lock(throttle->file, &slots, &ignored))
        return;
    slots_pause(slots, clock_ms() + ms);
    read_stats(throttle, slots, &stats);
    slots_file_unlock(throttle->file);
    tell(throttle, &stats,
        (struct notice_wait){
            .left_ms = ms, .paused = true, .gathered = true, .others = stats.waiting});
}

bool throttle_spend_retry(struct throttle *throttle)
{
    struct slots *slots;
    struct err ignored;
    bool spent;

    if (slots_file_lock(throttle->file, &slots, &ignored))
        return false;
    spent = slots_budget_spend(slots);
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
    reap(throttle, slots);
    read_stats(throttle, slots, stats);
    slots_file_unlock(throttle->file);
}

int64_t throttle_wait_ms(struct throttle *throttle, enum throttle_priority priority)
{
    struct slots *slots;
    struct err ignored;
    int64_t ms;

    if (slots_file_lock(throttle->file, &slots, &ignored))
        return 0; /* throttle_take will say why */
    ms = lane_wait_ms(&throttle->lanes[priority], slots, throttle->limit, throttle->window_ms);
    slots_file_unlock(throttle->file);
    return ms;
}
