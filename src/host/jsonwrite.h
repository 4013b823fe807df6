/* jsonwrite: a Lua value as JSON text: compact, keys in the order of their bytes, equal values
   equal bytes. */
#pragma once
#include <lua.h>

#include "core/jsontape.h"

enum {
    JSONWRITE_DEPTH_MAX =
        JSONTAPE_DEPTH_MAX, /* values inside each other, as many as are read */
};

/* [-0, +0, m] Once for a state, before jsonwrite_push. */
void jsonwrite_open(lua_State *L);

/* [-0, +?, v] For the end of a C function: pushes the text of the value at `index` and returns
   1; or pushes nil and a message that names the path to what can't be JSON, and returns 2.
   Leaves its guard beneath them, which the function's return closes. */
int jsonwrite_push(lua_State *L, int index);

/* A lua_CFunction, the __tostring of a table: its JSON, or what a plain table has where it
   can't be JSON. */
int jsonwrite_tostring(lua_State *L);
