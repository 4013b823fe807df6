/* option: reads a table of options that Lua passes to a c.* function, by a table that says
 * which options there are. Every mistake raises an error that names the option; an unknown name
 * is answered with the nearest known one. */
#pragma once
#include <lua.h>
#include <stddef.h>

enum option_type {
    OPTION_STRING,  /* struct option_text; may hold NULs, lives as long as its table */
    OPTION_INTEGER, /* lua_Integer; a float without a fraction is taken */
    OPTION_NUMBER,  /* double; never NaN or infinite */
    OPTION_BOOLEAN, /* bool */
    OPTION_VALUE,   /* int: see below; for tables, functions, userdata */
    OPTION_IGNORED, /* the caller's own: any value, not read */
};

struct option_text {
    const char *data; /* NUL-terminated; NULL when absent */
    size_t len;
};

/* A table of at most 63; it ends with an entry without a name. */
struct option {
    const char *name;
    enum option_type type;
    size_t offset; /* of the member that takes it */
    int required;
    double min, max;           /* for numbers, when min < max; for strings, of the length */
    int lua_type;              /* for OPTION_VALUE: LUA_TTABLE ... or LUA_TNONE for any */
    const char *const *values; /* for strings: those allowed, NULL at the end; NULL: any */
};

/* [-0, +v, m] Reads the table at `index` into the struct at `out`, whose members keep the
 * values they have where an option is absent or nil. For each OPTION_VALUE entry of the table,
 * in order, pushes the value (or nil) and stores its absolute index (0 when nil). No table at
 * all (none or nil) is an empty one. Raises Lua errors. */
void option_read(lua_State *L, int index, const struct option *options, void *out);
