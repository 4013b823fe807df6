/* jsonread: the values of a tape as Lua values. Lists carry the mark of jsonmark. */
#pragma once
#include <lua.h>

struct jsontape;

enum {
    JSONREAD_KEYS = 240, /* names of fields that are kept, an even number */
    JSONREAD_UPVALUES = 2 + JSONREAD_KEYS,
};

/* [-0, +JSONREAD_UPVALUES, m] The first upvalues of the C functions that call jsonread_push,
   after jsonmark_open. */
void jsonread_prepare(lua_State *L);

/* [-0, +1, m] Pushes the first value of the tape, which has been read. */
void jsonread_push(lua_State *L, struct jsontape *tape);
