/* embedded: what the build put into the program: Lua modules and c.* modules.
 * The tables are written by src/tools/embed.c; both end with an entry without a name. */
#pragma once
#include <lauxlib.h>
#include <stddef.h>

struct embedded_module {
    const char *name; /* as `require` takes it: "siterun.main" */
    const char *file; /* below lua/: "siterun/main.lua" */
    const unsigned char *chunk;
    size_t size;
    const unsigned char
        *notes; /* its documenting comments, each with the line that it is about */
};

extern const struct embedded_module embedded_modules[]; /* by their names */
extern const size_t embedded_count;
extern const luaL_Reg embedded_binds[];
