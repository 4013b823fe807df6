/* host: the Lua state, from its creation to the exit code. */
#pragma once
#include <lua.h>

struct cli;

/* Runs what the command line says and returns the exit code. Lua's memory comes from `alloc`
 * called with `context`. Running out of it is an error like any other. */
int host_run(const struct cli *cli, lua_Alloc alloc, void *context);
