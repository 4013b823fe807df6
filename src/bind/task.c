/* c.task: resuming coroutines, which happens here only. A task that waits yields the mark WAIT
   and what it waits for. Between the task and the place that waits there may be coroutines of
   the user's: library() gives the functions of the coroutine library under which such a wait
   goes on to the task, and which are as in the manual (6.2) in everything else. */
#include "bind/task.h"

#include <lauxlib.h>
#include <stdint.h>

#include "host/interrupt.h"
#include "host/trace.h"

int luaopen_c_task(lua_State *L);

static const char guard_class[] = "c.task.guard";

/* Keys of the registry, and WAIT. */
static const char tasks, waiting, wait_mark;

/* ---- sets of threads, in the registry, weak ---- */

static void push_set(lua_State *L, const char *key)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* [-1, +0, m] Takes the thread on top into the set, or out of it. */
static void set_member(lua_State *L, const char *key, bool is_member)
{
    push_set(L, key);
    lua_insert(L, -2);
    lua_pushboolean(L, is_member);
    if (!is_member) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* [-1, +0, m] Whether the thread on top is in the set. */
static bool is_member(lua_State *L, const char *key)
{
    bool found;

    push_set(L, key);
    lua_insert(L, -2);
    found = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return found;
}

static bool is_waiting(lua_State *L, int thread)
{
    lua_pushvalue(L, thread);
    return is_member(L, &waiting);
}

/* Whether what runs is a task itself, which is the user's main program and no coroutine. */
static bool is_in_task(lua_State *L)
{
    lua_pushthread(L);
    return is_member(L, &tasks);
}

/* ---- one resume ---- */

/* Whether it can go on: suspended in a yield, or not yet started. */
static bool is_resumable(lua_State *thread)
{
    if (lua_status(thread) == LUA_YIELD)
        return true;
    return lua_status(thread) == LUA_OK && lua_gettop(thread) > 0;
}

static const char *why_not(lua_State *L, lua_State *thread, int index)
{
    lua_Debug ar;

    if (thread == L || (lua_status(thread) == LUA_OK && lua_getstack(thread, 0, &ar)) ||
        is_waiting(L, index))
        return "cannot resume non-suspended coroutine";
    return is_resumable(thread) ? NULL : "cannot resume dead coroutine";
}

static int refuse(lua_State *L, const char *message)
{
    lua_pushstring(L, message);
    return -1;
}

int task_resume(lua_State *L, lua_State *thread, int count, int *results)
{
    lua_State *before = interrupt_running(thread);
    int status = lua_resume(thread, L, count, results);

    interrupt_running_again(before);
    return status;
}

/* [-count, +r, m] Resumes the thread at index 1 with the values on top. Returns the number of
   those that came back, or -1 and then the error is on top. */
static int resume_once(lua_State *L, int count)
{
    lua_State *thread = lua_tothread(L, 1);
    const char *reason = why_not(L, thread, 1);
    int status, results = 0;

    if (reason)
        return refuse(L, reason);
    if (!lua_checkstack(thread, count))
        return refuse(L, "too many arguments to resume");
    lua_xmove(L, thread, count);
    status = task_resume(L, thread, count, &results);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(thread, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(thread, results);
        return refuse(L, "too many results to resume");
    }
    lua_xmove(thread, L, results);
    return results;
}

/* [-0, +1, -] As coroutine.resume has it: true or false below the `count` values on top. */
static int prefix(lua_State *L, int count)
{
    lua_pushboolean(L, count >= 0);
    lua_insert(L, -1 - (count < 0 ? 1 : count));
    return 1 + (count < 0 ? 1 : count);
}

void task_push_wait(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)&wait_mark);
}

bool task_waits(lua_State *thread, int results)
{
    return results == 2 && lua_touserdata(thread, -2) == &wait_mark;
}

lua_State *task_push_thread(lua_State *L, int index)
{
    lua_State *thread;

    index = lua_absindex(L, index);
    thread = lua_newthread(L);
    lua_pushvalue(L, index);
    lua_xmove(L, thread, 1);
    lua_pushvalue(L, -1);
    set_member(L, &tasks, true);
    return thread;
}

/* ---- a wait inside a coroutine ---- */

/* Stands for the wait: while it lasts the coroutine is "normal", as its resumer is not back
   yet. When the task is cancelled it is closed with it. */
struct guard {
    lua_State *thread;
    bool is_over;
};

static int end_wait(lua_State *L)
{
    struct guard *guard = luaL_checkudata(L, 1, guard_class);

    lua_getiuservalue(L, 1, 1);
    set_member(L, &waiting, false);
    if (!guard->is_over && lua_status(guard->thread) == LUA_YIELD)
        lua_resetthread(guard->thread);
    return 0;
}

static void push_guard(lua_State *L, int thread)
{
    struct guard *guard = lua_newuserdatauv(L, sizeof *guard, 1);

    *guard = (struct guard){.thread = lua_tothread(L, thread)};
    lua_pushvalue(L, thread);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, guard_class);
    lua_pushvalue(L, thread);
    set_member(L, &waiting, true);
}

/* ---- resume and wrap ---- */

enum verb { RESUME, WRAP };

static int go_on(lua_State *L, int status, lua_KContext verb);

/* The stack is: the thread, WAIT, what it waits for. Upvalue 1 is the scheduler's `pause`. */
static int wait(lua_State *L, lua_KContext verb)
{
    push_guard(L, 1);
    lua_replace(L, 2);
    lua_toclose(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 3);
    lua_callk(L, 1, 0, verb, go_on);
    return go_on(L, LUA_YIELD, verb);
}

/* As luaB_auxwrap: the coroutine is closed, and a message gets the position of the caller. */
static int raise(lua_State *L, lua_State *thread)
{
    int status = lua_status(thread);

    if (status != LUA_OK && status != LUA_YIELD) {
        trace_note(L, -1, thread, 0);
        status = lua_resetthread(thread);
        lua_xmove(thread, L, 1);
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* The stack is: the thread, `count` arguments. */
static int drive(lua_State *L, int count, lua_KContext verb)
{
    count = resume_once(L, count);
    if (task_waits(L, count))
        return wait(L, verb);
    if (verb == RESUME)
        return prefix(L, count);
    return count < 0 ? raise(L, lua_tothread(L, 1)) : count;
}

static int go_on(lua_State *L, int status, lua_KContext verb)
{
    struct guard *guard = lua_touserdata(L, 2);

    (void)status;
    guard->is_over = true;
    lua_closeslot(L, 2);
    lua_settop(L, 1);
    return drive(L, 0, verb);
}

static int resume(lua_State *L)
{
    luaL_argexpected(L, lua_isthread(L, 1), 1, "thread");
    return drive(L, lua_gettop(L) - 1, RESUME);
}

static int call_wrapped(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    return drive(L, lua_gettop(L) - 1, WRAP);
}

static int wrap(lua_State *L)
{
    lua_State *thread;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, lua_upvalueindex(1));
    thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    lua_pushcclosure(L, call_wrapped, 2);
    return 1;
}

/* ---- the rest of the library: upvalue 2 is Lua's own function ---- */

static int original(lua_State *L)
{
    return lua_tocfunction(L, lua_upvalueindex(2))(L);
}

static int status(lua_State *L)
{
    if (!lua_isthread(L, 1) || !is_waiting(L, 1))
        return original(L);
    lua_pushliteral(L, "normal");
    return 1;
}

static int close(lua_State *L)
{
    if (lua_isthread(L, 1) && is_waiting(L, 1))
        return luaL_error(L, "cannot close a normal coroutine");
    return original(L);
}

static int running(lua_State *L)
{
    if (!is_in_task(L))
        return original(L);
    lua_pushthread(L);
    lua_pushboolean(L, true);
    return 2;
}

static int isyieldable(lua_State *L)
{
    bool is_task;

    if (lua_isnone(L, 1))
        lua_pushthread(L);
    lua_pushvalue(L, 1);
    is_task = lua_isthread(L, 1) && is_member(L, &tasks);
    if (!is_task)
        return original(L);
    lua_pushboolean(L, false);
    return 1;
}

static int yield(lua_State *L)
{
    if (!is_in_task(L))
        return original(L);
    lua_pushliteral(L, "attempt to yield from outside a coroutine");
    return lua_error(L);
}

/* library(pause) -> functions for the table `coroutine`; pause(x) waits, by yielding if it
   can */
static int library(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"resume", resume},
        {"wrap", wrap},
        {"status", status},
        {"close", close},
        {"running", running},
        {"isyieldable", isyieldable},
        {"yield", yield},
        {NULL, NULL},
    };

    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_getglobal(L, "coroutine");
    lua_newtable(L);
    for (const luaL_Reg *each = functions; each->name; each++) {
        lua_pushvalue(L, 1);
        lua_getfield(L, 2, each->name);
        lua_pushcclosure(L, each->func, 2);
        lua_setfield(L, 3, each->name);
    }
    return 1;
}

int luaopen_c_task(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"library", library},
        {NULL, NULL},
    };

    luaL_newmetatable(L, guard_class);
    lua_pushcfunction(L, end_wait);
    lua_setfield(L, -2, "__close");
    luaL_newlib(L, functions);
    task_push_wait(L);
    lua_setfield(L, -2, "WAIT");
    return 1;
}
