#include "host/runtime.h"

#include <lauxlib.h>

#include "core/err.h"
#include "core/http.h"
#include "core/loop.h"

/* Keys of the registry. */
static const char runtime_key, ops_key;

struct runtime {
    struct loop *loop;
    struct http *http;
};

static int collect(lua_State *L)
{
    struct runtime *runtime = lua_touserdata(L, 1);

    http_free(runtime->http);
    loop_free(runtime->loop);
    *runtime = (struct runtime){NULL, NULL};
    return 0;
}

/* [-0, +1, m] Made before whatever uses it, so that it is collected after it. */
static void make(lua_State *L)
{
    struct runtime *runtime = lua_newuserdatauv(L, sizeof *runtime, 0);

    *runtime = (struct runtime){NULL, NULL};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &runtime_key);
}

static struct runtime *get(lua_State *L)
{
    struct runtime *runtime;
    struct err err;

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &runtime_key) == LUA_TNIL) {
        lua_pop(L, 1);
        make(L);
    }
    runtime = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!runtime->loop && loop_new(&runtime->loop, &err))
        luaL_error(L, "%s", err.message);
    return runtime;
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

static void push_ops(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &ops_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &ops_key);
}

void runtime_track(lua_State *L, int index, struct loop_op *op)
{
    index = lua_absindex(L, index);
    push_ops(L);
    lua_pushvalue(L, index);
    lua_rawsetp(L, -2, op);
    lua_pop(L, 1);
}

void runtime_push_op(lua_State *L, struct loop_op *op)
{
    push_ops(L);
    lua_rawgetp(L, -1, op);
    lua_remove(L, -2);
}
