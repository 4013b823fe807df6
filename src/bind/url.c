/* c.url: see core/url.h. */
#include <lauxlib.h>
#include <lua.h>

#include "core/buf.h"
#include "core/url.h"
#include "host/fail.h"
#include "host/scratch.h"

int luaopen_c_url(lua_State *L);

/* segment(text or integer) -> it as one path segment | nil, err */
static int segment(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct buf *out;
    struct err err;

    if (url_is_segment(text, len)) {
        lua_settop(L, 1);
        return 1;
    }
    out = scratch_push(L, URL_MAX);
    if (url_add_segment(out, text, len, &err))
        return fail_push(L, &err);
    lua_pushlstring(L, buf_text(out), out->len);
    return 1;
}

/* check(url) -> url | nil, err */
static int check(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct err err;

    if (url_check(text, len, &err))
        return fail_push(L, &err);
    lua_settop(L, 1);
    return 1;
}

int luaopen_c_url(lua_State *L)
{
    static const luaL_Reg functions[] = {{"segment", segment}, {"check", check}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
