/* process: the argument list that Lua gives. */
#pragma once
#include <lua.h>

/* [-0, +1, v] The list of strings at `index` as argv, which lives as long as what is pushed and
   the list. Raises when it is empty or holds something else. */
const char *const *process_argv(lua_State *L, int index);
