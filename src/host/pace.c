#include "host/pace.h"

enum {
    BLOCKS_MIN = 8 * 1024, /* between two cycles: half of what a page of answers makes */
    UNWATCHED_KB = 1024    /* before the first one: most runs end before */
};

/* Blocks that there was no memory for count as well: they are few. */
static void *allocate(void *context, void *block, size_t old_size, size_t size)
{
    struct pace *pace = context;

    pace->blocks += (block == NULL) - (size == 0);
    return pace->alloc(pace->context, block, old_size, size);
}

void pace_count(lua_State *L, struct pace *pace)
{
    *pace = (struct pace){.begin_at = BLOCKS_MIN};
    pace->alloc = lua_getallocf(L, &pace->context);
    lua_setallocf(L, allocate, pace);
    lua_gc(L, LUA_GCSTEP, -UNWATCHED_KB); /* a step back: so much may be allocated before one */
}

static struct pace *get(lua_State *L)
{
    void *context;

    return lua_getallocf(L, &context) == allocate ? context : NULL;
}

/* The finalizer of an object that nothing holds runs at the end of each cycle; a metatable set
   anew arms it again. */
static int ended(lua_State *L)
{
    struct pace *pace = get(L);
    ptrdiff_t more = pace->blocks > BLOCKS_MIN ? pace->blocks : BLOCKS_MIN;

    pace->begin_at = pace->blocks + more;
    lua_getmetatable(L, 1);
    lua_setmetatable(L, 1);
    return 0;
}

void pace_watch(lua_State *L)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, ended);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void pace_check(lua_State *L)
{
    struct pace *pace = get(L);

    if (pace == NULL || pace->blocks < pace->begin_at || !lua_gc(L, LUA_GCISRUNNING))
        return;
    pace->begin_at = pace->blocks + BLOCKS_MIN;
    lua_gc(L, LUA_GCSTEP, 0);
}
