/* c.slots: see core/slots_check.h. */
#include <lauxlib.h>
#include <lua.h>

#include "core/slots_check.h"
#include "host/fail.h"

int luaopen_c_slots(lua_State *L);

/* check(path, longest hold in seconds) -> true | nil, err */
static int check(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    int64_t hold_ms = (int64_t)(luaL_checknumber(L, 2) * 1000);
    struct err err;

    if (slots_check_file(path, hold_ms, &err))
        return fail_push(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

int luaopen_c_slots(lua_State *L)
{
    static const luaL_Reg functions[] = {{"check", check}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
