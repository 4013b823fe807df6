/* c.json: JSON text to Lua values and back. */
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/jsontape.h"
#include "core/jsontext.h"
#include "core/secret.h"
#include "host/jsonmark.h"
#include "host/jsonread.h"
#include "host/jsonwrite.h"
#include "host/pace.h"

static const char tape_name[] = "json.tape";

int luaopen_c_json(lua_State *L);

static int tape_close(lua_State *L)
{
    jsontape_fini(luaL_checkudata(L, 1, tape_name));
    return 0;
}

/* Leaves a guard on the stack that frees the tape, also when Lua raises. */
static struct jsontape *tape_guard(lua_State *L)
{
    struct jsontape *tape = lua_newuserdatauv(L, sizeof *tape, 0);
    jsontape_init(tape, NULL);
    luaL_setmetatable(L, tape_name);
    lua_toclose(L, -1);
    return tape;
}

/* A piece of a secret could not be recognised any more: a text that holds one is not quoted. */
static bool quotable(const char *text, size_t len)
{
    struct buf shown;
    struct err err;
    bool same;

    buf_init(&shown, len + 1);
    same = secret_redact(&shown, text, len, &err) == 0 && shown.len == len &&
           memcmp(buf_text(&shown), text, len) == 0;
    buf_wipe(&shown);
    return same;
}

static int push_failure(
    lua_State *L, const char *text, size_t len, size_t offset, const char *what)
{
    struct jsontext_place place;

    jsontext_locate(&place, text, len, offset);
    lua_pushnil(L);
    lua_pushfstring(L, "invalid JSON at byte %I (line %I, column %I): %s",
        (LUAI_UACINT)place.byte, (LUAI_UACINT)place.line, (LUAI_UACINT)place.column, what);
    if (place.near[0] != '\0' && quotable(text, len)) {
        lua_pushfstring(L, ", near '%s'", place.near);
        lua_concat(L, 2);
    }
    lua_pushinteger(L, (lua_Integer)place.byte);
    return 3;
}

/* [-0, +1 or +3, v] Pushes what decode returns. The first `skipped` bytes are no part of the
   JSON. */
static int push_answer(
    lua_State *L, struct jsontape *tape, const char *text, size_t len, size_t skipped)
{
    struct jsontape_fault fault;

    if (jsontape_read(tape, text + skipped, len - skipped, &fault) != 0)
        return push_failure(L, text, len, skipped + fault.offset, fault.what);
    jsonread_push(L, tape);
    return 1;
}

/* decode(text, bom) -> value | nil, message, position (in bytes, from 1). With `bom`, a byte
   order mark in front is skipped. */
static int decode(lua_State *L)
{
    size_t len, skipped;
    const char *text = luaL_checklstring(L, 1, &len);
    struct jsontape_room room;
    struct jsontape tape;

    skipped = lua_toboolean(L, 2) && strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (len - skipped > JSONTAPE_ROOM) {
        /* Before, as what the last text gave is mostly garbage here. */
        pace_check(L);
        return push_answer(L, tape_guard(L), text, len, skipped);
    }
    jsontape_init(&tape, &room);
    return push_answer(L, &tape, text, len, skipped);
}

/* encode(value) -> text | nil, message that names the path */
static int encode(lua_State *L)
{
    luaL_checkany(L, 1);
    return jsonwrite_push(L, 1);
}

/* Leaves the table to mark at index 1: the argument, or a new one. */
static int mark(lua_State *L, const char *name)
{
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, jsonmark_set(L, 1, name), 1, "the table has a metatable of its own");
    return 1;
}

static int array(lua_State *L)
{
    return mark(L, jsonmark_array);
}

static int object(lua_State *L)
{
    return mark(L, jsonmark_object);
}

/* Would encode write the value as a list, or as an object? */
static bool is_shaped(lua_State *L, bool list)
{
    struct jsonmark_shape shape;

    luaL_checkany(L, 1);
    if (!lua_istable(L, 1))
        return false;
    shape = jsonmark_shape(L, 1);
    return shape.wrong == NULL && shape.list == list;
}

static int is_array(lua_State *L)
{
    lua_pushboolean(L, is_shaped(L, true));
    return 1;
}

static int is_object(lua_State *L)
{
    lua_pushboolean(L, is_shaped(L, false));
    return 1;
}

/* Lua keeps one metatable for all light userdata; those that are not null print as before. */
static int light_tostring(lua_State *L)
{
    if (lua_touserdata(L, 1) == NULL)
        lua_pushliteral(L, "null");
    else
        lua_pushfstring(L, "userdata: %p", lua_touserdata(L, 1));
    return 1;
}

static void push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, light_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
}

static const luaL_Reg guard[] = {
    {"__gc", tape_close},
    {"__close", tape_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"encode", encode},
    {"array", array},
    {"object", object},
    {"is_array", is_array},
    {"is_object", is_object},
    {NULL, NULL},
};

int luaopen_c_json(lua_State *L)
{
    jsonmark_open(L, jsonwrite_tostring);
    jsonwrite_open(L);
    luaL_newmetatable(L, tape_name);
    luaL_setfuncs(L, guard, 0);
    luaL_newlib(L, functions);
    jsonread_prepare(L);
    lua_pushcclosure(L, decode, JSONREAD_UPVALUES);
    lua_setfield(L, -2, "decode");
    push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
