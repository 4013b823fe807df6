#include "host/class.h"

#include <stdbool.h>

void class_new(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_pushvalue(L, -1);
    luaL_setfuncs(L, methods, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, name);
}

void class_set(lua_State *L, const char *name)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, name);
    lua_setmetatable(L, -2);
}

void *class_check(lua_State *L, int index, const char *name)
{
    void *userdata = lua_touserdata(L, index);
    bool is_one = userdata && lua_getmetatable(L, index);

    if (is_one) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, name);
        is_one = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
    }
    if (!is_one)
        luaL_typeerror(L, index, name);
    return userdata;
}

void *class_self(lua_State *L, const char *name)
{
    void *userdata = lua_touserdata(L, 1);
    bool is_one = userdata && lua_getmetatable(L, 1);

    if (is_one) {
        is_one = lua_rawequal(L, -1, lua_upvalueindex(1));
        lua_pop(L, 1);
    }
    if (!is_one)
        luaL_typeerror(L, 1, name);
    return userdata;
}
