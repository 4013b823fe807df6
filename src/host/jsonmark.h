/* jsonmark: what tells a list from an object in a Lua table that is JSON. A table can carry a
   mark (its metatable); without one its keys decide, and an empty table is an object. */
#pragma once
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

extern const char jsonmark_array[];
extern const char jsonmark_object[];

/* [-0, +0, m] Makes the metatables of the marks, once for a state. `tostring` makes the text of
   a table that has one. */
void jsonmark_open(lua_State *L, lua_CFunction tostring);

/* [-0, +0, v] Marks the table at `index`; false when it has another metatable. */
bool jsonmark_set(lua_State *L, int index, const char *mark);

struct jsonmark_shape {
    bool list;         /* else an object */
    size_t count;      /* of its entries */
    const char *wrong; /* why it is neither, or NULL */
};

/* [-0, +0, v] Looks at all keys of the table at `index`, without metamethods. */
struct jsonmark_shape jsonmark_shape(lua_State *L, int index);
