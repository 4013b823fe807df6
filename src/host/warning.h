/* warning: what Lua's warn() and errors in finalizers write to stderr, as lua has it: nothing
 * until warn("@on"). */
#pragma once
#include <lua.h>

/* The state must not outlive the process's stderr. */
void warning_arm(lua_State *L);
