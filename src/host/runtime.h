/* runtime: what all bindings of one Lua state share: the loop, the HTTP side, and the way from
   an operation that ended to the userdata that holds it. */
#pragma once
#include <lua.h>

struct http;
struct loop;
struct loop_op;

/* [-0, +0, -] For a new state, before it has threads: the others look where Lua leaves what was
   there. */
void runtime_arm(lua_State *L);

/* [-0, +0, e] The state's loop, made at the first call; it lives as long as the state. Raises
   when it cannot be made. */
struct loop *runtime_loop(lua_State *L);

/* [-0, +0, e] The state's HTTP side, likewise; the first call initialises libcurl. */
struct http *runtime_http(lua_State *L);

/* [-0, +0, m] Makes `op`, which is embedded in the userdata at `index`, known: runtime_push_op
   finds the userdata again. The entry is weak. */
void runtime_track(lua_State *L, int index, struct loop_op *op);

/* [-0, +0, m] The operation that is the first member of the userdata at `index`; NULL when that
   is no such one. */
struct loop_op *runtime_op(lua_State *L, int index);

/* [-0, +1, m] Pushes the userdata of a tracked operation, or nil when it was collected. */
void runtime_push_op(lua_State *L, struct loop_op *op);
