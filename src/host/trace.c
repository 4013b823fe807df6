#include "host/trace.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

/* As luaL_traceback: the innermost and the outermost frames are shown. */
enum { FIRST_FRAMES = 10, LAST_FRAMES = 11, SPAN = 64 };

/* Strings can't be weak keys; that many are remembered. Numbers are not (one may be NaN). */
enum { VALUES_MAX = 32 };

static const char objects_key, values_key;

static bool is_embedded(const lua_Debug *ar)
{
    return strncmp(ar->source, "=[siterun]", 10) == 0;
}

/* A walk over the user's frames from the innermost. Of a deep stack only both ends are looked
 * at: finding a frame costs its depth. */
struct walk {
    lua_State *thread;
    int level, last;
};

static int last_level(lua_State *thread)
{
    lua_Debug ar;
    int low = 0, high = 1;
    while (lua_getstack(thread, high, &ar)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        *(lua_getstack(thread, middle, &ar) ? &low : &high) = middle;
    }
    return low;
}

static struct walk walk_from(lua_State *thread, int level)
{
    return (struct walk){thread, level, last_level(thread)};
}

static bool next_frame(struct walk *walk, lua_Debug *ar)
{
    while (lua_getstack(walk->thread, walk->level, ar)) {
        walk->level++;
        if (walk->level >= SPAN && walk->level < walk->last - SPAN)
            walk->level = walk->last - SPAN;
        lua_getinfo(walk->thread, "Sl", ar);
        if (*ar->what != 'C' && !is_embedded(ar))
            return true;
    }
    return false;
}

static int count_frames(struct walk walk)
{
    lua_Debug ar;
    int count = 0;
    while (next_frame(&walk, &ar))
        count++;
    return count;
}

static void push_function(lua_State *L, const lua_Debug *ar)
{
    if (strcmp(ar->namewhat, "global") == 0)
        lua_pushfstring(L, "function '%s'", ar->name);
    else if (*ar->namewhat != '\0')
        lua_pushfstring(L, "%s '%s'", ar->namewhat, ar->name);
    else if (*ar->what == 'm')
        lua_pushliteral(L, "main chunk");
    else
        lua_pushfstring(L, "function <%s:%d>", ar->short_src, ar->linedefined);
}

static void push_frame(lua_State *L, lua_State *thread, lua_Debug *ar)
{
    lua_getinfo(thread, "n", ar);
    push_function(L, ar);
    lua_pushfstring(L, "\n\t%s:%d: in %s", ar->short_src, ar->currentline, lua_tostring(L, -1));
    lua_remove(L, -2);
}

/* [-0, +1, m] */
static void push_frames(lua_State *L, struct walk walk)
{
    lua_Debug ar;
    int skipped = count_frames(walk) - FIRST_FRAMES - LAST_FRAMES;
    lua_pushliteral(L, "");
    for (int n = 0; next_frame(&walk, &ar); n++) {
        if (skipped > 0 && n == FIRST_FRAMES)
            lua_pushliteral(L, "\n\t...");
        else if (skipped > 0 && n > FIRST_FRAMES && n < FIRST_FRAMES + skipped)
            continue;
        else
            push_frame(L, walk.thread, &ar);
        lua_concat(L, 2);
    }
}

/* [-0, +1, m] */
static void push_position(lua_State *L, struct walk walk)
{
    lua_Debug ar;
    if (next_frame(&walk, &ar))
        lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
    else
        lua_pushliteral(L, "");
}

/* Whether the innermost Lua function is one of ours. */
static bool in_embedded(lua_State *thread, int level)
{
    lua_Debug ar;
    for (; lua_getstack(thread, level, &ar); level++) {
        lua_getinfo(thread, "S", &ar);
        if (*ar.what != 'C')
            return is_embedded(&ar);
    }
    return false;
}

static void new_store(lua_State *L, const void *key)
{
    lua_newtable(L);
    if (key == &objects_key) {
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "k");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* [-0, +1, m] The table that holds the notes of errors like the one at `index`. */
static void push_store(lua_State *L, int index)
{
    int type = lua_type(L, index);
    const void *key = type == LUA_TTABLE || type == LUA_TUSERDATA ? &objects_key : &values_key;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    new_store(L, key);
}

static void forget_values(lua_State *L)
{
    int count = 0;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &values_key) == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
            count++;
    lua_pop(L, 1);
    if (count < VALUES_MAX)
        return;
    new_store(L, &values_key);
    lua_pop(L, 1);
}

static bool has_note(lua_State *L, int index)
{
    push_store(L, index);
    lua_pushvalue(L, index);
    bool found = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return found;
}

void trace_note(lua_State *L, int index, lua_State *thread, int level)
{
    index = lua_absindex(L, index);
    if (lua_isnil(L, index) || lua_type(L, index) == LUA_TNUMBER ||
        (in_embedded(thread, level) && has_note(L, index)))
        return;
    luaL_checkstack(L, 12, "trace");
    forget_values(L);
    push_store(L, index);
    lua_pushvalue(L, index);
    lua_createtable(L, 2, 0);
    push_position(L, walk_from(thread, level));
    lua_rawseti(L, -2, 1);
    push_frames(L, walk_from(thread, level));
    lua_rawseti(L, -2, 2);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void trace_push(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_pushliteral(L, "");
    lua_pushliteral(L, "");
    if (lua_isnil(L, index))
        return;
    push_store(L, index);
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        lua_replace(L, -5);
        lua_rawgeti(L, -1, 2);
        lua_replace(L, -4);
    }
    lua_pop(L, 2);
}

int trace_handler(lua_State *L)
{
    trace_note(L, 1, L, 1);
    return 1;
}
