#include "host/scratch.h"

#include <lauxlib.h>

#include "core/buf.h"

static int collect(lua_State *L)
{
    buf_wipe(lua_touserdata(L, 1));
    return 0;
}

struct buf *scratch_push(lua_State *L, size_t max)
{
    struct buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);

    buf_init(buf, max);
    if (luaL_newmetatable(L, "host.scratch")) {
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buf;
}
