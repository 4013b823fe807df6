/* c.bar: open() -> true | nil, err: from then on, what is written to the terminal takes the bar
   away first; draw(text) shows it, erase() takes it away. See core/bar.h. */
#include "core/bar.h"

#include <lauxlib.h>
#include <lua.h>

#include "host/fail.h"
#include "host/streams.h"

int luaopen_c_bar(lua_State *L);

static int open_bar(lua_State *L)
{
    struct err err;

    if (streams_install(L, &err))
        return fail_push(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int draw(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    bar_draw(text, len);
    return 0;
}

static int erase(lua_State *L)
{
    (void)L;
    bar_erase();
    return 0;
}

int luaopen_c_bar(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"open", open_bar},
        {"draw", draw},
        {"erase", erase},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
