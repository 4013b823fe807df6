/* c.terminal: is("stdout") -> whether that stream is a terminal that understands escape
   sequences; size("stdout") -> columns, rows (80, 24 where it tells none). */
#include "core/terminal.h"

#include <lauxlib.h>
#include <lua.h>
#include <unistd.h>

int luaopen_c_terminal(lua_State *L);

static int stream(lua_State *L)
{
    static const char *const names[] = {"stdin", "stdout", "stderr", NULL};
    static const int descriptors[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

    return descriptors[luaL_checkoption(L, 1, NULL, names)];
}

static int is(lua_State *L)
{
    lua_pushboolean(L, terminal_is(stream(L)));
    return 1;
}

static int size(lua_State *L)
{
    struct terminal_size found = terminal_size(stream(L));

    lua_pushinteger(L, found.columns);
    lua_pushinteger(L, found.rows);
    return 2;
}

int luaopen_c_terminal(lua_State *L)
{
    static const luaL_Reg functions[] = {{"is", is}, {"size", size}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
