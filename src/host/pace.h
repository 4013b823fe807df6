/* pace: begins a cycle of the collector when the number of objects has doubled. Lua counts
   bytes only, so beside a few long texts garbage may pile up that is many times what is in use:
   while 60 MB of answers are held, 25 of them stand decoded, cold for every cache, before one
   is freed. */
#pragma once
#include <lua.h>
#include <stddef.h>

struct pace {
    lua_Alloc alloc;
    void *context;
    ptrdiff_t blocks;   /* in use, those from before the pace not counted */
    ptrdiff_t begin_at; /* that many */
};

/* [-0, +0, -] Counts what the state allocates from now on, and lets it allocate a MiB before
   the first cycle; `pace` must outlive it. */
void pace_count(lua_State *L, struct pace *pace);

/* [-0, +0, m] Learns from now on when a cycle ends. Once for a state that counts. */
void pace_watch(lua_State *L);

/* [-0, +0, v] For after many objects were made. Begins a cycle if it is time; never where the
   collector is stopped or the state does not count. */
void pace_check(lua_State *L);
