/* class: the metatable of a kind of userdata. A class is known by its name's address. */
#pragma once
#include <lauxlib.h>
#include <lua.h>

/* [-0, +0, m] Makes the metatable `name`; what `methods` lists, metamethods too, is found by
   indexing a userdata of it. */
void class_new(lua_State *L, const char *name, const luaL_Reg *methods);

/* [-0, +0, -] Makes the userdata on top one of the class. */
void class_set(lua_State *L, const char *name);

/* [-0, +0, v] The userdata at `index`; raises unless it is of the class. */
void *class_check(lua_State *L, int index, const char *name);

/* [-0, +0, v] As class_check of the first argument, in a method of the class alone: faster. */
void *class_self(lua_State *L, const char *name);
