/* fail: a failed operation, as Lua sees it. */
#pragma once
#include <lua.h>

struct err;

/* [-0, +2, m] Pushes nil and {kind=, message=, sent=, attempts=, retry_after=}; returns 2.
 * `retry_after` (seconds) is absent when the service named none. */
int fail_push(lua_State *L, const struct err *err);
