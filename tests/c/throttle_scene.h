/* What the tests of the throttle have in common: a process with waiters that note when they are
   served. */
#pragma once
#include "core/throttle.h"

#include "children.h"
#include "core/clock.h"
#include "core/loop.h"

enum { WAITERS = 8, LOG_MAX = 64, TURN_MS = 20, PATIENCE_MS = 20000 };

struct want {
    struct throttle_waiter waiter;
    struct scene *scene;
    int name;
    bool granted;
    int64_t granted_ms;
};

/* One process's view. */
struct scene {
    struct loop *loop;
    struct throttle *throttle;
    struct want wants[WAITERS];
    int log[LOG_MAX];
    int logged;
};

static const struct err no_err;

static inline void granted(void *context, const struct err *err)
{
    struct want *want = context;
    struct scene *scene = want->scene;

    must(!err, "granted");
    want->granted = true;
    want->granted_ms = clock_ms();
    if (scene->logged < LOG_MAX)
        scene->log[scene->logged++] = want->name;
}

static inline void begin(struct scene *scene, int limit, int64_t window_ms)
{
    struct throttle_spec spec = {.service = "test",
        .folder = folder,
        .name = "0123456789abcdef",
        .limit = limit,
        .window_ms = window_ms};
    struct err err = no_err;

    memset(scene, 0, sizeof *scene);
    must(!loop_new(&scene->loop, &err), "loop_new");
    must(!throttle_new(&scene->throttle, scene->loop, &spec, &err), "throttle_new");
    for (int i = 0; i < WAITERS; i++)
        scene->wants[i] = (struct want){.scene = scene,
            .name = i,
            .waiter = {.priority = PRIORITY_NORMAL, .granted = granted}};
    for (int i = 0; i < WAITERS; i++)
        scene->wants[i].waiter.context = &scene->wants[i];
}

static inline void end(struct scene *scene)
{
    throttle_free(scene->throttle);
    loop_free(scene->loop);
}

/* Whether there was a slot at once. */
static inline bool take(struct scene *scene, int name, enum throttle_priority priority)
{
    struct want *want = &scene->wants[name];
    struct err err;
    int taken;

    want->waiter.priority = priority;
    want->granted = false;
    taken = throttle_take(scene->throttle, &want->waiter, &err);
    must(taken >= 0, "throttle_take");
    return taken;
}

static inline void release(struct scene *scene, int name, enum err_sent sent)
{
    throttle_release(scene->throttle, &scene->wants[name].waiter, sent);
}

static inline void turn(struct scene *scene, int64_t timeout_ms)
{
    struct err err;

    must(!loop_turn(scene->loop, timeout_ms, &err), "loop_turn");
}

/* Returns how often the process woke up, be it for timers or as a turn may last no longer. */
static inline int await_in_turns(struct scene *scene, int name, int64_t turn_ms)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    int turns = 0;

    for (; !scene->wants[name].granted; turns++) {
        must(clock_ms() < end_ms, "a slot in time");
        turn(scene, turn_ms);
    }
    return turns;
}

static inline void await(struct scene *scene, int name)
{
    await_in_turns(scene, name, TURN_MS);
}

static inline void turn_until(struct scene *scene, int64_t until_ms)
{
    while (clock_ms() < until_ms)
        turn(scene, TURN_MS);
}

static inline struct throttle_stats stats_of(struct scene *scene)
{
    struct throttle_stats stats;

    throttle_stats(scene->throttle, &stats);
    return stats;
}
