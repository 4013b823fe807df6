/* c.notes: what the comments of embedded Lua modules say of their functions. */
#include <lauxlib.h>
#include <string.h>

#include "host/embedded.h"

/* notes.of(module) -> text | nil where there is no such module */
static int of(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    for (const struct embedded_module *m = embedded_modules; m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) {
            lua_pushstring(L, (const char *)m->notes);
            return 1;
        }
    }
    lua_pushnil(L);
    return 1;
}

/* notes.modules() -> the names of all embedded modules */
static int modules(lua_State *L)
{
    lua_Integer count = 0;
    lua_newtable(L);
    for (const struct embedded_module *m = embedded_modules; m->name != NULL; m++) {
        lua_pushstring(L, m->name);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

int luaopen_c_notes(lua_State *L)
{
    static const luaL_Reg functions[] = {{"of", of}, {"modules", modules}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
