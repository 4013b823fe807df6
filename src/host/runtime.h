/* runtime: what all bindings of one Lua state share: the loop and the HTTP side. */
#pragma once
#include <lua.h>

struct http;
struct loop;

/* [-0, +0, -] For a new state, before it has threads: the others look where Lua leaves what was
   there. */
void runtime_arm(lua_State *L);

/* [-0, +0, e] The state's loop, made at the first call; it lives as long as the state. Raises
   when it cannot be made. */
struct loop *runtime_loop(lua_State *L);

/* [-0, +0, e] The state's HTTP side, likewise; the first call initialises libcurl. */
struct http *runtime_http(lua_State *L);
