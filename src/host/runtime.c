#include "host/runtime.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "core/err.h"
#include "core/http.h"
#include "core/loop.h"

/* Key of the registry. */
static const char runtime_key;

struct runtime {
    struct loop *loop;
    struct http *http;
    int ops; /* place in the registry of the table from operations to userdata */
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

/* [-0, +0, m] A weak table. Returns its place in the registry. */
static int make_ops(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    return luaL_ref(L, LUA_REGISTRYINDEX);
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
    runtime->ops = make_ops(L);
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

void runtime_track(lua_State *L, int index, struct loop_op *op)
{
    index = lua_absindex(L, index);
    lua_rawgeti(L, LUA_REGISTRYINDEX, get(L)->ops);
    lua_pushvalue(L, index);
    lua_rawsetp(L, -2, op);
    lua_pop(L, 1);
}

void runtime_push_op(lua_State *L, struct loop_op *op)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, get(L)->ops);
    lua_rawgetp(L, -1, op);
    lua_remove(L, -2);
}

struct loop_op *runtime_op(lua_State *L, int index)
{
    void *userdata = lua_touserdata(L, index);
    bool is_one;

    lua_pushvalue(L, index);
    runtime_push_op(L, userdata);
    is_one = userdata && lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_one ? userdata : NULL;
}
