#include "host/runtime.h"

#include <lauxlib.h>

#include "core/err.h"
#include "core/http.h"
#include "core/loop.h"

/* Key of the registry. */
static const char runtime_key;

struct runtime {
    struct loop *loop;
    struct http *http;
};

/* Where each thread has the runtime at hand: the registry takes ten times as long. NULL: not
   yet. */
static struct runtime **at_hand(lua_State *L)
{
    return lua_getextraspace(L);
}

static int collect(lua_State *L)
{
    struct runtime *runtime = lua_touserdata(L, 1);

    http_free(runtime->http);
    loop_free(runtime->loop);
    runtime->http = NULL;
    runtime->loop = NULL;
    return 0;
}

/* [-0, +1, m] Made before whatever uses it, so that it is collected after it. */
static void make(lua_State *L)
{
    struct runtime *runtime = lua_newuserdatauv(L, sizeof *runtime, 0);

    *runtime = (struct runtime){0};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &runtime_key);
}

static struct runtime *find(lua_State *L)
{
    struct runtime *runtime;

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &runtime_key) == LUA_TNIL) {
        lua_pop(L, 1);
        make(L);
    }
    runtime = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return runtime;
}

static struct runtime *get(lua_State *L)
{
    struct runtime **runtime = at_hand(L);
    struct err err;

    if (!*runtime)
        *runtime = find(L);
    if (!(*runtime)->loop && loop_new(&(*runtime)->loop, &err))
        luaL_error(L, "%s", err.message);
    return *runtime;
}

void runtime_arm(lua_State *L)
{
    *at_hand(L) = NULL;
}

struct loop *runtime_loop(lua_State *L)
{
    return get(L)->loop;
}

struct http *runtime_http(lua_State *L)
{
    struct runtime *runtime = get(L);
    struct err err;

    if (!runtime->http && http_new(&runtime->http, runtime->loop, &err))
        luaL_error(L, "%s", err.message);
    return runtime->http;
}
