/* class: the metatable of a kind of userdata. */
#pragma once
#include <lauxlib.h>
#include <lua.h>

/* [-0, +0, m] Makes the metatable `name`; what `methods` lists, metamethods too, is found by indexing
   a userdata of it. */
void class_new(lua_State *L, const char *name, const luaL_Reg *methods);
