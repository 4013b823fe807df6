#include "host/jsonread.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/jsontape.h"
#include "host/jsonmark.h"

enum {
    MARK = 1, /* upvalues */
    KEYS = 2,
    FIRST_KEY = 3,
    KEY_MAX = 40, /* bytes, to which Lua keeps one copy of equal strings */
    LEVELS = 5,   /* of values inside each other that the stack is made larger for at once */
    SLOTS = 2,    /* of the stack that a level takes */
};

/* A name that was read lately and its string, an upvalue: comparing is faster than Lua's
   hash of all bytes. */
struct key {
    const char *text; /* the string's */
    size_t len;
};

struct pusher {
    lua_State *L;
    struct jsontape *tape;
    struct key *keys;
    int depth;
};

void jsonread_prepare(lua_State *L)
{
    struct key *keys;

    luaL_checkstack(L, JSONREAD_UPVALUES, "JSON");
    luaL_getmetatable(L, jsonmark_array);
    keys = lua_newuserdatauv(L, JSONREAD_KEYS * sizeof *keys, 0);
    memset(keys, 0, JSONREAD_KEYS * sizeof *keys);
    for (int i = 0; i < JSONREAD_KEYS; i++)
        lua_pushnil(L);
}

/* The names of one object seldom agree in their length, first, middle and last byte. */
static unsigned place_of(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t some = (uint32_t)bytes[0] | (uint32_t)bytes[len / 2] << 8 |
                    (uint32_t)bytes[len - 1] << 16 | (uint32_t)len << 24;

    return (unsigned)((uint64_t)(some * 2654435769u) * JSONREAD_KEYS >> 32);
}

static bool is_key(const struct key *key, const char *text, size_t len)
{
    return key->len == len && memcmp(key->text, text, len) == 0;
}

static int index_of(unsigned place)
{
    return lua_upvalueindex(FIRST_KEY + (int)place);
}

/* What stood in the place moves to its second place. */
static void push_new_key(struct pusher *p, const char *text, size_t len, unsigned place)
{
    const char *kept = lua_pushlstring(p->L, text, len);

    if (p->keys[place].len > 0) {
        lua_copy(p->L, index_of(place), index_of(place ^ 1));
        p->keys[place ^ 1] = p->keys[place];
    }
    lua_copy(p->L, -1, index_of(place));
    p->keys[place] = (struct key){kept, len};
}

static inline void push_key(struct pusher *p, const char *text, size_t len)
{
    unsigned place;

    if (len == 0 || len > KEY_MAX) {
        lua_pushlstring(p->L, text, len);
        return;
    }
    place = place_of(text, len);
    if (is_key(&p->keys[place], text, len))
        lua_pushvalue(p->L, index_of(place));
    else if (is_key(&p->keys[place ^ 1], text, len))
        lua_pushvalue(p->L, index_of(place ^ 1));
    else
        push_new_key(p, text, len, place);
}

static inline void push_scalar(lua_State *L, const struct jsontape_item *item)
{
    switch (item->type) {
    case JSONTAPE_INTEGER:
        lua_pushinteger(L, item->integer);
        break;
    case JSONTAPE_REAL:
        lua_pushnumber(L, item->real);
        break;
    case JSONTAPE_TRUE:
    case JSONTAPE_FALSE:
        lua_pushboolean(L, item->type == JSONTAPE_TRUE);
        break;
    case JSONTAPE_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    default:
        lua_pushlstring(L, item->string, item->len);
    }
}

/* Recursion ends at JSONTAPE_DEPTH_MAX. */
static const uint64_t *push_table(
    struct pusher *p, const uint64_t *at, enum jsontape_type type, size_t count);

static inline const uint64_t *push_value(struct pusher *p, const uint64_t *at)
{
    struct jsontape_item item;

    at = jsontape_next(p->tape, at, &item);
    if (item.type == JSONTAPE_LIST || item.type == JSONTAPE_OBJECT)
        return push_table(p, at, item.type, item.len);
    push_scalar(p->L, &item);
    return at;
}

static const uint64_t *push_entries(struct pusher *p, const uint64_t *at, size_t count)
{
    lua_createtable(p->L, (int)count, 0);
    for (size_t i = 1; i <= count; i++) {
        at = push_value(p, at);
        lua_rawseti(p->L, -2, (lua_Integer)i);
    }
    lua_pushvalue(p->L, lua_upvalueindex(MARK));
    lua_setmetatable(p->L, -2);
    return at;
}

static const uint64_t *push_fields(struct pusher *p, const uint64_t *at, size_t count)
{
    lua_createtable(p->L, 0, (int)count);
    for (; count > 0; count--) {
        struct jsontape_item name;

        at = jsontape_next(p->tape, at, &name);
        push_key(p, name.string, name.len);
        at = push_value(p, at);
        lua_rawset(p->L, -3);
    }
    return at;
}

/* The stack is made larger for LEVELS and a value with its metatable. */
static const uint64_t *push_table(
    struct pusher *p, const uint64_t *at, enum jsontape_type type, size_t count)
{
    if (p->depth++ % LEVELS == 0)
        luaL_checkstack(p->L, LEVELS * SLOTS + 2, "JSON");
    at = type == JSONTAPE_LIST ? push_entries(p, at, count) : push_fields(p, at, count);
    p->depth--;
    return at;
}

void jsonread_push(lua_State *L, struct jsontape *tape)
{
    struct pusher p = {.L = L, .tape = tape, .keys = lua_touserdata(L, lua_upvalueindex(KEYS))};

    push_value(&p, tape->words);
}
