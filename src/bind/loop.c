/* c.loop: timers, and turns of the loop without the scheduler. An operation ("op") has ready()
   and close(). */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/timer.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/runtime.h"

static const char timer_class[] = "c.timer";

/* Longer waits are cut to this; nobody waits for them anyway. */
static const double seconds_max = 1e9;

struct timer_op {
    struct loop_op op;
    struct loop *loop;
    struct timer timer;
};

int luaopen_c_loop(lua_State *L);

static int64_t to_ms(lua_State *L, int index)
{
    double seconds = luaL_checknumber(L, index);

    luaL_argcheck(L, !isnan(seconds), index, "not a number of seconds");
    if (seconds > seconds_max)
        seconds = seconds_max;
    return seconds > 0 ? (int64_t)ceil(seconds * 1000) : 0;
}

static void timer_ended(void *context)
{
    struct timer_op *op = context;

    loop_end(op->loop, &op->op);
}

/* timer(seconds) -> op | nil, err (kind "deadline" when it would end after the run's
   deadline) */
static int timer(lua_State *L)
{
    int64_t delay_ms = to_ms(L, 1);
    struct loop *loop = runtime_loop(L);
    struct timer_op *op;
    struct err err;

    if (loop_deadline(loop) != INT64_MAX && clock_ms() + delay_ms > loop_deadline(loop)) {
        err_set(&err, ERR_DEADLINE, "waiting %.3f s would pass the run's deadline",
            (double)delay_ms / 1000);
        return fail_push(L, &err);
    }
    op = lua_newuserdatauv(L, sizeof *op, 0);
    *op = (struct timer_op){.loop = loop};
    loop_op_init(&op->op);
    timer_init(&op->timer, timer_ended, op);
    class_set(L, timer_class);
    loop_timer_start(loop, &op->timer, delay_ms);
    return 1;
}

static int timer_ready(lua_State *L)
{
    struct timer_op *op = class_self(L, timer_class);

    lua_pushboolean(L, op->op.ended);
    return 1;
}

static int timer_close(lua_State *L)
{
    struct timer_op *op = class_self(L, timer_class);

    loop_timer_stop(op->loop, &op->timer);
    loop_forget(op->loop, &op->op);
    return 0;
}

/* step() runs one turn of the loop, waiting until something happens; the ended operations stay
   listed for the scheduler. */
static int step(lua_State *L)
{
    struct err err;

    if (!loop_interrupted() && loop_turn(runtime_loop(L), -1, &err))
        return luaL_error(L, "%s", err.message);
    return 0;
}

/* interrupted(clear?) -> whether the process was interrupted */
static int is_interrupted(lua_State *L)
{
    bool clear = lua_toboolean(L, 1);

    lua_pushboolean(L, loop_interrupted());
    if (clear)
        loop_resume();
    return 1;
}

/* deadline(seconds) ends the run `seconds` from now: no wait goes on after it. */
static int deadline(lua_State *L)
{
    loop_set_deadline(runtime_loop(L), clock_ms() + to_ms(L, 1));
    return 0;
}

int luaopen_c_loop(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"timer", timer},
        {"step", step},
        {"interrupted", is_interrupted},
        {"deadline", deadline},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"ready", timer_ready},
        {"close", timer_close},
        {"__close", timer_close},
        {"__gc", timer_close},
        {NULL, NULL},
    };

    runtime_loop(L);
    class_new(L, timer_class, methods);
    luaL_newlib(L, functions);
    return 1;
}
