/* streams: the console's streams, for C and for Lua. */
#pragma once
#include <lua.h>
#include <stdio.h>

#include "core/err.h"

/* [-0, +0, m] Lets io.stdout and io.stderr, which led to these streams, lead to the ones of
   now. */
void streams_follow(lua_State *L, FILE *out, FILE *errors);

/* [-0, +0, m] Installs the console (core/console.h). */
MUST_USE int streams_install(lua_State *L, struct err *err);
