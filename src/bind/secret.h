/* secret: the handle that Lua holds. */
#pragma once
#include <lua.h>

struct secret;

/* [-0, +0, v] The secret of the handle at `index`; raises for anything else. It lives as long
   as the handle: take a reference to keep it longer. */
struct secret *secret_check(lua_State *L, int index);
