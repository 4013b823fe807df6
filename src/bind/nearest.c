/* c.nearest: see core/nearest.h. */
#include "core/nearest.h"

#include <lauxlib.h>

/* distance(a, b) -> the number of edits from a to b */
static int distance(lua_State *L)
{
    lua_pushinteger(L, nearest_distance(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return 1;
}

int luaopen_c_nearest(lua_State *L)
{
    static const luaL_Reg functions[] = {{"distance", distance}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
