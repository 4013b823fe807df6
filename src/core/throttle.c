#include "core/throttle.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/timer.h"

enum {
    GUARD_MS = 5000, /* how long after its end an unanswered request may still arrive */
    RULES_MAX = 8,
    HISTORY_MIN = 1024, /* ended requests remembered, for a stricter limit that comes later */
};

struct lane {
    struct throttle_waiter *first, **last;
    int count;
};

struct rule {
    struct throttle_limit limit;
    int spent; /* of the history, from its start: those that this limit no longer counts */
};

struct throttle {
    struct throttle *next; /* in `shared` */
    unsigned openings;
    char *name;
    struct loop *loop;
    struct rule rules[RULES_MAX];
    int rule_count;
    int in_flight;
    int64_t paused_until_ms;
    /* When requests ended, earliest first: a ring. One counts until a window later. */
    int64_t *ended_ms;
    int capacity, first, ended;
    struct lane lanes[PRIORITIES];
    int waiting;
    struct timer timer;
};

static struct throttle *shared;

static void serve(void *context);

/* ---- opening ---- */

static void destroy(struct throttle *throttle)
{
    loop_timer_stop(throttle->loop, &throttle->timer);
    free(throttle->ended_ms);
    free(throttle->name);
    free(throttle);
}

static struct throttle *create(struct loop *loop, const char *name)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);

    if (!throttle)
        return NULL;
    throttle->loop = loop;
    timer_init(&throttle->timer, serve, throttle);
    for (int i = 0; i < PRIORITIES; i++)
        throttle->lanes[i].last = &throttle->lanes[i].first;
    throttle->name = strdup(name);
    if (throttle->name)
        return throttle;
    destroy(throttle);
    return NULL;
}

static struct throttle *find(const struct loop *loop, const char *name)
{
    struct throttle *throttle = shared;

    while (throttle && (throttle->loop != loop || strcmp(throttle->name, name) != 0))
        throttle = throttle->next;
    return throttle;
}

static int64_t *ended_at(const struct throttle *throttle, int i)
{
    return &throttle->ended_ms[(throttle->first + i) % throttle->capacity];
}

static int reserve(struct throttle *throttle, int capacity, struct err *err)
{
    int64_t *ended_ms;

    if (capacity <= throttle->capacity)
        return 0;
    ended_ms = calloc((size_t)capacity, sizeof *ended_ms);
    if (!ended_ms)
        return err_no_memory(err);
    for (int i = 0; i < throttle->ended; i++)
        ended_ms[i] = *ended_at(throttle, i);
    free(throttle->ended_ms);
    throttle->ended_ms = ended_ms;
    throttle->capacity = capacity;
    throttle->first = 0;
    return 0;
}

/* Whether a limit that is kept already is at least as strict. */
static bool is_implied(const struct throttle *throttle, struct throttle_limit limit)
{
    for (int i = 0; i < throttle->rule_count; i++) {
        const struct throttle_limit *known = &throttle->rules[i].limit;

        if (known->count <= limit.count && known->window_ms >= limit.window_ms)
            return true;
    }
    return !limit.count;
}

static int add_rule(struct throttle *throttle, struct throttle_limit limit, struct err *err)
{
    int capacity = limit.count > HISTORY_MIN ? limit.count : HISTORY_MIN;

    if (reserve(throttle, capacity, err))
        return -1;
    if (is_implied(throttle, limit))
        return 0;
    if (throttle->rule_count == RULES_MAX)
        return err_set(
            err, ERR_CONFIG, "one account was opened with more than %d limits", RULES_MAX);
    throttle->rules[throttle->rule_count++] = (struct rule){.limit = limit};
    return 0;
}

int throttle_open(struct throttle **out, struct loop *loop, const char *name,
    struct throttle_limit limit, struct err *err)
{
    struct throttle *known = find(loop, name);
    struct throttle *throttle = known ? known : create(loop, name);

    if (!throttle)
        return err_no_memory(err);
    if (add_rule(throttle, limit, err)) {
        if (!known)
            destroy(throttle);
        return -1;
    }
    if (!known) {
        throttle->next = shared;
        shared = throttle;
    }
    throttle->openings++;
    *out = throttle;
    return 0;
}

void throttle_close(struct throttle *throttle)
{
    struct throttle **link = &shared;

    if (!throttle || --throttle->openings)
        return;
    while (*link != throttle)
        link = &(*link)->next;
    *link = throttle->next;
    destroy(throttle);
}

/* ---- counting ---- */

/* How many of the ended requests the rule still counts. */
static int held(const struct throttle *throttle, struct rule *rule, int64_t now_ms)
{
    while (rule->spent < throttle->ended &&
           *ended_at(throttle, rule->spent) + rule->limit.window_ms <= now_ms)
        rule->spent++;
    return throttle->ended - rule->spent;
}

static bool has_free(struct throttle *throttle, int64_t now_ms)
{
    if (now_ms < throttle->paused_until_ms)
        return false;
    for (int i = 0; i < throttle->rule_count; i++) {
        struct rule *rule = &throttle->rules[i];

        if (throttle->in_flight + held(throttle, rule, now_ms) >= rule->limit.count)
            return false;
    }
    return true;
}

static bool take_free(struct throttle *throttle)
{
    if (!has_free(throttle, clock_ms()))
        return false;
    throttle->in_flight++;
    return true;
}

/* When a request that has `ahead` others before it fits the rule, at the earliest: those that end
   count for a window, and who comes after a whole limit's worth waits for one window more. */
static int64_t fits_at(
    const struct throttle *throttle, struct rule *rule, int ahead, int64_t now_ms)
{
    int count = held(throttle, rule, now_ms);
    int place = throttle->in_flight + count + ahead - rule->limit.count;

    if (place < 0)
        return now_ms;
    if (place < count)
        return *ended_at(throttle, rule->spent + place) + rule->limit.window_ms;
    return now_ms + rule->limit.window_ms * (1 + (place - count) / rule->limit.count);
}

static int64_t free_at(struct throttle *throttle, int ahead, int64_t now_ms)
{
    int64_t latest_ms = throttle->paused_until_ms > now_ms ? throttle->paused_until_ms : now_ms;

    for (int i = 0; i < throttle->rule_count; i++) {
        int64_t at_ms = fits_at(throttle, &throttle->rules[i], ahead, now_ms);

        latest_ms = at_ms > latest_ms ? at_ms : latest_ms;
    }
    return latest_ms;
}

/* ---- waiting ---- */

static void arm(struct throttle *throttle)
{
    int64_t now_ms = clock_ms(), delay_ms;

    if (!throttle->waiting) {
        loop_timer_stop(throttle->loop, &throttle->timer);
        return;
    }
    delay_ms = free_at(throttle, 0, now_ms) - now_ms;
    loop_timer_start(throttle->loop, &throttle->timer, delay_ms > 0 ? delay_ms : 1);
}

static void enqueue(struct throttle *throttle, struct throttle_waiter *waiter)
{
    struct lane *lane = &throttle->lanes[waiter->priority];

    waiter->next = NULL;
    waiter->waiting = true;
    *lane->last = waiter;
    lane->last = &waiter->next;
    lane->count++;
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
    lane->count--;
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

/* ---- ending ---- */

/* What no rule counts any more goes first; a rule counts at most as many as there is room for. */
static void drop_oldest(struct throttle *throttle)
{
    throttle->first = (throttle->first + 1) % throttle->capacity;
    throttle->ended--;
    for (int i = 0; i < throttle->rule_count; i++)
        if (throttle->rules[i].spent)
            throttle->rules[i].spent--;
}

/* Keeps the ring sorted: a guard makes an entry later than those that follow it. */
static void remember(struct throttle *throttle, int64_t ended_ms)
{
    int i;

    if (throttle->ended == throttle->capacity)
        drop_oldest(throttle);
    for (i = throttle->ended++; i && *ended_at(throttle, i - 1) > ended_ms; i--)
        *ended_at(throttle, i) = *ended_at(throttle, i - 1);
    *ended_at(throttle, i) = ended_ms;
}

void throttle_release(struct throttle *throttle, enum err_sent sent)
{
    throttle->in_flight--;
    /* One millisecond more, since clock_ms cuts off what is below one. */
    if (sent != SENT_NO)
        remember(throttle, clock_ms() + 1 + (sent == SENT_UNKNOWN ? GUARD_MS : 0));
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

/* ---- telling ---- */

void throttle_stats(struct throttle *throttle, struct throttle_stats *stats)
{
    int64_t now_ms = clock_ms();
    int least = INT32_MAX;

    *stats = (struct throttle_stats){.used = throttle->in_flight, .waiting = throttle->waiting};
    for (int i = 0; i < throttle->rule_count; i++) {
        struct rule *rule = &throttle->rules[i];
        int used = throttle->in_flight + held(throttle, rule, now_ms);

        if (rule->limit.count - used >= least)
            continue;
        least = rule->limit.count - used;
        stats->limit = rule->limit;
        stats->used = used;
    }
}

int64_t throttle_wait_ms(struct throttle *throttle, enum throttle_priority priority)
{
    int64_t now_ms = clock_ms();
    int ahead = 0;

    for (int i = 0; i <= (int)priority; i++)
        ahead += throttle->lanes[i].count;
    return free_at(throttle, ahead, now_ms) - now_ms;
}
