/* c.scheduler: which task goes on next. What a task is and how it ends is the affair of
   siterun.scheduler; here is what happens at each wait. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdbool.h>

#include "bind/task.h"
#include "core/clock.h"
#include "core/loop.h"
#include "host/class.h"
#include "host/runtime.h"

static const char class[] = "c.scheduler.task";

/* A task as userdata, which its Lua table holds; or somebody who wants to be told of the end of
   an operation: then its user values are the function and the operation. */
struct task {
    struct scheduler *scheduler;
    lua_State *thread;          /* NULL: somebody to be told */
    struct loop_op *awaited;    /* on the thread's stack, so it lives */
    struct task *before, *next; /* in the queue */
    bool queued;
    bool doomed; /* its next wait raises */
};

struct scheduler {
    struct task *first, *last; /* the queue of those that can go on */
    int queued, waiting;       /* tasks in the queue, and those that wait for operations */
    struct task *current;      /* NULL outside of tasks */
    bool is_over;              /* no task goes on any more */
    unsigned news;             /* how often something happened that Lua may want to look at */
    /* Places in the registry: from struct task * to Lua table, until the task has ended; and
       from operation to the one who is to be told. */
    int tables, told;
};

/* Upvalues of each function. */
enum { SCHEDULER = 1, WAIT_SLOWLY, SETTLE };

/* User values of somebody to be told. */
enum { FUNCTION = 1, OPERATION };

enum { RESULTS_MAX = 100000 }; /* of a task; Lua's stack has room for a million values in all */

int luaopen_c_scheduler(lua_State *L);

static struct scheduler *self(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(SCHEDULER));
}

/* [-0, +1, -] The Lua table of a task. */
static void push_table(lua_State *L, const struct task *task)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->scheduler->tables);
    lua_rawgetp(L, -1, task);
    lua_remove(L, -2);
}

/* ---- the queue ---- */

static void enqueue(struct scheduler *s, struct task *task)
{
    if (task->queued)
        return;
    task->queued = true;
    task->before = s->last;
    task->next = NULL;
    *(s->last ? &s->last->next : &s->first) = task;
    s->last = task;
    s->queued++;
}

static void dequeue(struct scheduler *s, struct task *task)
{
    if (!task->queued)
        return;
    *(task->before ? &task->before->next : &s->first) = task->next;
    *(task->next ? &task->next->before : &s->last) = task->before;
    task->queued = false;
    s->queued--;
}

/* ---- waiting for operations ---- */

/* The operation at `index`; NULL when that is none. */
static struct loop_op *op_at(lua_State *L, int index)
{
    struct loop_op *op = lua_touserdata(L, index);

    return loop_is_op(op, lua_rawlen(L, index)) ? op : NULL;
}

static void start_waiting(struct scheduler *s, struct task *task, struct loop_op *op)
{
    task->awaited = op;
    op->waiter = task;
    s->waiting++;
}

static void stop_waiting(struct scheduler *s, struct task *task)
{
    if (!task->awaited)
        return;
    if (task->awaited->waiter == task)
        task->awaited->waiter = NULL;
    task->awaited = NULL;
    s->waiting--;
}

static int waited_slowly(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

/* In Lua: for tasks and groups, where a task can't yield, and when a wait is cut short. */
static int wait_slowly(lua_State *L, bool has_waited)
{
    lua_pushvalue(L, lua_upvalueindex(WAIT_SLOWLY));
    lua_pushvalue(L, 1);
    lua_pushboolean(L, has_waited);
    lua_callk(L, 2, 0, 0, waited_slowly);
    return 0;
}

static int waited(lua_State *L, int status, lua_KContext context)
{
    const struct loop_op *op = (const struct loop_op *)context;
    const struct task *task = self(L)->current;

    (void)status;
    if (op->ended && task && !task->doomed && !loop_interrupted())
        return 0;
    return wait_slowly(L, true);
}

/* wait(waitable) returns when it has ended. */
static int wait(lua_State *L)
{
    const struct scheduler *s = self(L);
    const struct loop_op *op = op_at(L, 1);

    if (!op || !s->current || s->current->doomed || !lua_isyieldable(L))
        return wait_slowly(L, false);
    if (op->ended)
        return 0;
    lua_settop(L, 1);
    task_push_wait(L);
    lua_pushvalue(L, 1);
    return lua_yieldk(L, 2, (lua_KContext)op, waited);
}

/* ---- a step ---- */

/* Turns the loop until an operation has ended, `seconds` are over (-1: never) or the process is
   interrupted. */
static void turn(lua_State *L, struct loop *loop, double seconds)
{
    int64_t left_ms = seconds < 0 ? -1 : (int64_t)ceil(seconds * 1000);
    int64_t end_ms = left_ms > 0 ? clock_ms() + left_ms : left_ms;
    struct err err;

    while (!loop_has_ended(loop) && !loop_interrupted()) {
        if (loop_turn(loop, left_ms, &err))
            luaL_error(L, "%s", err.message);
        if (left_ms == 0)
            return;
        if (left_ms > 0 && (left_ms = end_ms - clock_ms()) < 0)
            left_ms = 0;
    }
}

/* [-0, +0, e] */
static void tell(lua_State *L, struct scheduler *s, struct loop_op *op)
{
    s->news++;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->told);
    lua_rawgetp(L, -1, op);
    lua_pushnil(L);
    lua_rawsetp(L, -3, op);
    lua_getiuservalue(L, -1, FUNCTION);
    lua_call(L, 0, 0);
    lua_pop(L, 2);
}

static void ended(lua_State *L, struct scheduler *s, struct loop_op *op)
{
    struct task *waiter = op->waiter;

    if (!waiter)
        return;
    stop_waiting(s, waiter);
    if (waiter->thread)
        enqueue(s, waiter);
    else
        tell(L, s, op);
}

/* [-0, +0, e] Queues the tasks whose operations have ended. When none can go on it waits for
   the first one, for so long (-1: without an end). */
static void poll(lua_State *L, struct scheduler *s, double seconds)
{
    struct loop *loop = runtime_loop(L);
    struct loop_op *op;

    if (!s->first && s->waiting == 0)
        luaL_error(L, "every task waits for another one: none can go on");
    turn(L, loop, s->first ? 0 : seconds);
    while ((op = loop_next_ended(loop)))
        ended(L, s, op);
}

/* [-1, +0, e] Tells Lua what came of the task whose table is on top: it has ended, or waits for
   something else than an operation. */
static void settle(lua_State *L, lua_State *thread, int status, int count)
{
    bool has_ended = status != LUA_YIELD;

    lua_pushvalue(L, lua_upvalueindex(SETTLE));
    lua_insert(L, -2);
    if (has_ended)
        lua_pushboolean(L, status == LUA_OK);
    lua_xmove(thread, L, count);
    lua_call(L, 1 + has_ended + count, 0);
}

/* [-count, +1, m] An error in the place of what the task has left. Returns its status. */
static int replace(lua_State *thread, int count, const char *message)
{
    lua_pop(thread, count);
    lua_pushstring(thread, message);
    return LUA_ERRRUN;
}

/* [-1, +0, e] The task, whose table is on top, has stopped with `count` values. */
static void stopped(lua_State *L, struct task *task, int status, int count)
{
    lua_State *thread = task->thread;
    bool waits = status == LUA_YIELD && task_waits(thread, count);
    struct loop_op *op = waits ? op_at(thread, -1) : NULL;

    if (status == LUA_YIELD && !waits)
        status = replace(thread, count, "attempt to yield from outside a coroutine");
    if (status == LUA_OK && (count > RESULTS_MAX || !lua_checkstack(L, count + 2)))
        status = replace(thread, count, "too many results");
    if (op) {
        start_waiting(task->scheduler, task, op);
        lua_pop(thread, count);
        lua_pop(L, 1);
    } else
        settle(L, thread, status, status == LUA_OK || status == LUA_YIELD ? count : 1);
}

/* [-0, +0, e] */
static void go_on(lua_State *L, struct task *task)
{
    struct scheduler *s = task->scheduler;
    struct task *before = s->current;
    int starts = lua_status(task->thread) == LUA_OK ? lua_gettop(task->thread) - 1 : 0;
    int status, count = 0;

    push_table(L, task); /* keeps it */
    stop_waiting(s, task);
    s->current = task;
    status = task_resume(L, task->thread, starts > 0 ? starts : 0, &count);
    s->current = before;
    stopped(L, task, status, count);
}

/* [-0, +0, e] Lets each task of the queue go on, once. A nested step may empty the queue
   before. */
static void run(lua_State *L, struct scheduler *s)
{
    for (int left = s->queued; left > 0 && s->first && !s->is_over; left--) {
        struct task *task = s->first;

        dequeue(s, task);
        go_on(L, task);
    }
}

/* step(seconds?, until_news?) lets the tasks go on that can. When none can it waits for the
   first one, for so long (nil: without an end); until_news: in as many steps as that takes.
   Returns whether the process was interrupted; none goes on then. */
static int step(lua_State *L)
{
    struct scheduler *s = self(L);
    double seconds = luaL_optnumber(L, 1, -1);
    bool until_news = lua_toboolean(L, 2), interrupted;
    unsigned before = s->news;

    do {
        poll(L, s, seconds);
        interrupted = loop_interrupted();
        if (!interrupted)
            run(L, s);
    } while (until_news && !interrupted && !s->is_over && s->news == before);
    lua_pushboolean(L, interrupted);
    return 1;
}

/* news(): something happened that Lua may want to look at between two steps. */
static int news(lua_State *L)
{
    self(L)->news++;
    return 0;
}

/* ---- tasks ---- */

static int collect(lua_State *L)
{
    struct task *task = class_self(L, class);

    stop_waiting(task->scheduler, task);
    dequeue(task->scheduler, task);
    return 0;
}

/* [-0, +1, m] */
static struct task *push_task(lua_State *L, struct scheduler *s, lua_State *thread)
{
    struct task *task = lua_newuserdatauv(L, sizeof *task, thread ? 0 : OPERATION);

    *task = (struct task){.scheduler = s, .thread = thread};
    class_set(L, class);
    return task;
}

/* spawn(table, f, ...) -> thread, task: f(...) as the task of that table, which keeps both. */
static int spawn(lua_State *L)
{
    struct scheduler *s = self(L);
    int count = lua_gettop(L) - 2;
    lua_State *thread = task_push_thread(L, 2);
    struct task *task = push_task(L, s, thread);

    luaL_argcheck(L, lua_checkstack(thread, count), 3, "too many arguments");
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->tables);
    lua_pushvalue(L, 1);
    lua_rawsetp(L, -2, task);
    lua_pop(L, 1);
    lua_rotate(L, 3, 2);
    lua_xmove(L, thread, count);
    enqueue(s, task);
    return 2;
}

/* push(task) lets it go on in the next step. */
static int push(lua_State *L)
{
    struct task *task = class_check(L, 1, class);

    enqueue(task->scheduler, task);
    return 0;
}

/* forget(task): it has ended. */
static int forget(lua_State *L)
{
    struct task *task = class_check(L, 1, class);

    stop_waiting(task->scheduler, task);
    dequeue(task->scheduler, task);
    task->scheduler->news++;
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->scheduler->tables);
    lua_pushnil(L);
    lua_rawsetp(L, -2, task);
    return 0;
}

/* doom(task, is_doomed): whether its next wait goes through Lua, which raises. */
static int doom(lua_State *L)
{
    struct task *task = class_check(L, 1, class);

    task->doomed = lua_toboolean(L, 2);
    task->scheduler->news++;
    return 0;
}

/* [-0, +0, e] Takes back that somebody is to be told. */
static void untell(lua_State *L, struct scheduler *s, struct loop_op *op)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->told);
    if (lua_rawgetp(L, -1, op) != LUA_TNIL)
        stop_waiting(s, lua_touserdata(L, -1));
    lua_pushnil(L);
    lua_rawsetp(L, -3, op);
    lua_pop(L, 2);
}

/* on_end(op, f) calls f() when it has ended; nil takes that back. */
static int on_end(lua_State *L)
{
    struct scheduler *s = self(L);
    struct loop_op *op = op_at(L, 1);

    luaL_argexpected(L, op, 1, "operation");
    untell(L, s, op);
    if (lua_isnil(L, 2))
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->told);
    start_waiting(s, push_task(L, s, NULL), op);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, FUNCTION);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, OPERATION);
    lua_rawsetp(L, -2, op);
    return 0;
}

/* current() -> table of the task that runs; nil outside of tasks */
static int current(lua_State *L)
{
    const struct scheduler *s = self(L);

    if (s->current)
        push_table(L, s->current);
    else
        lua_pushnil(L);
    return 1;
}

/* is_busy() -> can a task go on at once? */
static int is_busy(lua_State *L)
{
    lua_pushboolean(L, self(L)->first != NULL);
    return 1;
}

/* stop(): no task goes on any more. */
static int stop(lua_State *L)
{
    self(L)->is_over = true;
    return 0;
}

/* [-0, +1, m] */
static void push_scheduler(lua_State *L)
{
    struct scheduler *s = lua_newuserdatauv(L, sizeof *s, 0);

    *s = (struct scheduler){0};
    lua_newtable(L);
    s->tables = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    s->told = luaL_ref(L, LUA_REGISTRYINDEX);
}

static const luaL_Reg functions[] = {
    {"wait", wait},
    {"step", step},
    {"news", news},
    {"spawn", spawn},
    {"push", push},
    {"forget", forget},
    {"doom", doom},
    {"on_end", on_end},
    {"current", current},
    {"is_busy", is_busy},
    {"stop", stop},
    {NULL, NULL},
};

/* new(wait_slowly, settle) -> functions. wait_slowly(waitable, has_waited) is called where wait
   does not do; settle(task, ok, ...) when a task has ended, settle(task, WAIT, waitable) when
   it waits for no operation. */
static int new (lua_State *L)
{
    lua_settop(L, SETTLE - SCHEDULER);
    push_scheduler(L);
    lua_insert(L, SCHEDULER);
    luaL_newlibtable(L, functions);
    lua_insert(L, SCHEDULER);
    luaL_setfuncs(L, functions, SETTLE);
    return 1;
}

int luaopen_c_scheduler(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"__gc", collect},
        {NULL, NULL},
    };

    class_new(L, class, methods);
    lua_newtable(L);
    lua_pushcfunction(L, new);
    lua_setfield(L, -2, "new");
    return 1;
}
