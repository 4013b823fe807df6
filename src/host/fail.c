#include "host/fail.h"

#include "core/err.h"

void fail_push_table(lua_State *L, const struct err *err)
{
    lua_createtable(L, 0, 5);
    lua_pushstring(L, err_kind_name(err->kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, err->message);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, err_sent_name(err->sent));
    lua_setfield(L, -2, "sent");
    lua_pushinteger(L, err->attempts);
    lua_setfield(L, -2, "attempts");
    if (err->retry_after > 0) {
        lua_pushnumber(L, err->retry_after);
        lua_setfield(L, -2, "retry_after");
    }
}

int fail_push(lua_State *L, const struct err *err)
{
    lua_pushnil(L);
    fail_push_table(L, err);
    return 2;
}
