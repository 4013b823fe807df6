#include "host/host.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/modules.h"

static void push_arguments(lua_State *L, int argc, char **argv)
{
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
}

/* Everything that can raise, the set-up included, runs in here. */
static int run(lua_State *L)
{
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    modules_open(L, getenv("SITERUN_LUA"));
    lua_getglobal(L, "require");
    lua_pushliteral(L, "siterun.main");
    lua_call(L, 1, 1);
    push_arguments(L, argc, argv);
    lua_call(L, 1, 1);
    return 1;
}

int host_main(int argc, char **argv)
{
    int code = 1;
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        fprintf(stderr, "siterun: not enough memory\n");
        return 1;
    }
    lua_pushcfunction(L, run);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    if (lua_pcall(L, 2, 1, 0) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        fprintf(stderr, "siterun: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return code;
}
