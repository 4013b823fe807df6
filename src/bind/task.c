/* c.task: the one function that resumes coroutines. */
#include <lauxlib.h>
#include <lua.h>

#include "host/interrupt.h"

int luaopen_c_task(lua_State *L);

static int refuse(lua_State *L, const char *message)
{
    lua_pushboolean(L, 0);
    lua_pushstring(L, message);
    return 2;
}

/* Whether it can go on: suspended in a yield, or not yet started. */
static int is_resumable(lua_State *thread)
{
    if (lua_status(thread) == LUA_YIELD)
        return 1;
    return lua_status(thread) == LUA_OK && lua_gettop(thread) > 0;
}

static const char *why_not(lua_State *L, lua_State *thread)
{
    lua_Debug ar;

    if (thread == L || (lua_status(thread) == LUA_OK && lua_getstack(thread, 0, &ar)))
        return "cannot resume non-suspended coroutine";
    return is_resumable(thread) ? NULL : "cannot resume dead coroutine";
}

/* [-0, +(1|n), -] On success true and what the coroutine yielded or returned. */
static int give_results(lua_State *L, lua_State *thread, int status, int count)
{
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_pushboolean(L, 0);
        lua_xmove(thread, L, 1);
        return 2;
    }
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(thread, count);
        return refuse(L, "too many results to resume");
    }
    lua_pushboolean(L, 1);
    lua_xmove(thread, L, count);
    return count + 1;
}

/* resume(thread, ...) -> true, ... | false, error. As coroutine.resume, and the thread is known as
   the running one meanwhile, so that an interrupt reaches a busy loop in it. */
static int resume(lua_State *L)
{
    lua_State *thread = lua_tothread(L, 1), *before;
    int count = lua_gettop(L) - 1, status, results = 0;
    const char *reason;

    luaL_argexpected(L, thread, 1, "coroutine");
    reason = why_not(L, thread);
    if (reason)
        return refuse(L, reason);
    if (!lua_checkstack(thread, count))
        return refuse(L, "too many arguments to resume");
    lua_xmove(L, thread, count);
    before = interrupt_running(thread);
    status = lua_resume(thread, L, count, &results);
    interrupt_running(before);
    return give_results(L, thread, status, results);
}

int luaopen_c_task(lua_State *L)
{
    static const luaL_Reg functions[] = {{"resume", resume}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
