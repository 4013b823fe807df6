#include "host/jsonmark.h"

#include <lauxlib.h>

const char jsonmark_array[] = "json.array";
const char jsonmark_object[] = "json.object";

static void new_mark(lua_State *L, const char *name, lua_CFunction tostring)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}

void jsonmark_open(lua_State *L, lua_CFunction tostring)
{
    new_mark(L, jsonmark_array, tostring);
    new_mark(L, jsonmark_object, tostring);
}

static bool marked(lua_State *L, int index, const char *mark)
{
    bool is = false;

    if (lua_getmetatable(L, index)) {
        luaL_getmetatable(L, mark);
        is = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
    }
    return is;
}

bool jsonmark_set(lua_State *L, int index, const char *mark)
{
    index = lua_absindex(L, index);
    if (lua_getmetatable(L, index)) {
        lua_pop(L, 1);
        if (!marked(L, index, jsonmark_array) && !marked(L, index, jsonmark_object))
            return false;
    }
    luaL_getmetatable(L, mark);
    lua_setmetatable(L, index);
    return true;
}

struct keys {
    size_t names;     /* strings */
    size_t places;    /* integers from 1 */
    lua_Integer last; /* the largest of them */
    bool others;
};

static void count_key(lua_State *L, struct keys *keys)
{
    if (lua_type(L, -1) == LUA_TSTRING)
        keys->names++;
    else if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
        keys->others = true;
    else {
        keys->places++;
        if (lua_tointeger(L, -1) > keys->last)
            keys->last = lua_tointeger(L, -1);
    }
}

static struct keys keys_of(lua_State *L, int index)
{
    struct keys keys = {0};

    lua_pushvalue(L, index);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pop(L, 1);
        count_key(L, &keys);
    }
    lua_pop(L, 1);
    return keys;
}

static const char *complaint(const struct keys *keys, bool array, bool object)
{
    if (keys->others)
        return "a table has a key that is neither text nor a place in a list";
    if (keys->names > 0 && (keys->places > 0 || array))
        return "a table is a list and an object at once";
    if ((lua_Integer)keys->places < keys->last)
        return "a list has gaps: fill them with json.null";
    if (object && keys->places > 0)
        return "an object has integer keys: make them text with tostring";
    return NULL;
}

struct jsonmark_shape jsonmark_shape(lua_State *L, int index)
{
    bool array = marked(L, index, jsonmark_array);
    struct keys keys = keys_of(L, index);

    return (struct jsonmark_shape){
        .list = array || keys.places > 0,
        .count = keys.names + keys.places,
        .wrong = complaint(&keys, array, marked(L, index, jsonmark_object)),
    };
}
