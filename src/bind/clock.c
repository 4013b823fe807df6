/* c.clock: now() seconds since 1970 UTC; monotonic() seconds since boot, never stepped. */
#include <lauxlib.h>
#include <lua.h>

#include "core/clock.h"

int luaopen_c_clock(lua_State *L);

static int now(lua_State *L)
{
    lua_pushnumber(L, (double)clock_wall_ms() / 1000);
    return 1;
}

static int monotonic(lua_State *L)
{
    lua_pushnumber(L, (double)clock_ms() / 1000);
    return 1;
}

int luaopen_c_clock(lua_State *L)
{
    static const luaL_Reg functions[] = {{"now", now}, {"monotonic", monotonic}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
