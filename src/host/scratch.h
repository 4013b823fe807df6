/* scratch: a growing buffer that belongs to the Lua stack, so that an error can't lose it. */
#pragma once
#include <lua.h>
#include <stddef.h>

struct buf;

/* [-0, +1, m] Pushes an empty buffer for up to `max` bytes; it is wiped when it is collected.
 */
struct buf *scratch_push(lua_State *L, size_t max);
