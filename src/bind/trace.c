#include "host/trace.h"

#include <lauxlib.h>

/* trace.note(error, thread): before a thread that died of the error is closed. */
static int note(lua_State *L)
{
    luaL_checkany(L, 1);
    luaL_checktype(L, 2, LUA_TTHREAD);
    trace_note(L, 1, lua_tothread(L, 2), 0);
    return 0;
}

/* trace.of(error) -> position, frames */
static int of(lua_State *L)
{
    luaL_checkany(L, 1);
    trace_push(L, 1);
    return 2;
}

int luaopen_c_trace(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"note", note},
        {"of", of},
        {"handler", trace_handler},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
