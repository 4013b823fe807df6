#include "host/streams.h"

#include <lauxlib.h>
#include <lualib.h>

#include "core/console.h"

static void redirect(lua_State *L, const char *name, FILE *before, FILE *now)
{
    luaL_Stream *stream;
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_IOLIBNAME);
    lua_getfield(L, -1, name);
    stream = luaL_testudata(L, -1, LUA_FILEHANDLE);
    if (stream != NULL && stream->f == before)
        stream->f = now;
    lua_pop(L, 3);
}

void streams_follow(lua_State *L, FILE *out, FILE *errors)
{
    redirect(L, "stdout", out, stdout);
    redirect(L, "stderr", errors, stderr);
}

int streams_install(lua_State *L, struct err *err)
{
    FILE *out = stdout, *errors = stderr;
    if (console_install(err) != 0)
        return -1;
    streams_follow(L, out, errors);
    return 0;
}
