/* modules: how `require` finds what is inside the program. */
#pragma once
#include <lua.h>

/* Opens the standard libraries, preloads c.*, cjson and lxp, and puts the embedded modules
 * ahead of all search paths. With `lua_dir` the embedded names are read from LUA_DIR/lua
 * instead (a name that is absent there is looked for as any other). Search paths that depend on
 * the current folder are removed. Raises Lua errors. */
void modules_open(lua_State *L, const char *lua_dir);
