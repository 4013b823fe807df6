/* c.json: JSON text to Lua values (jansson reads) and back. */
#include <jansson.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/jsontext.h"
#include "core/secret.h"
#include "host/jsonmark.h"
#include "host/jsonwrite.h"

static const char document_name[] = "json.document";

int luaopen_c_json(lua_State *L);

static int document_close(lua_State *L)
{
    json_t **document = luaL_checkudata(L, 1, document_name);
    json_decref(*document);
    *document = NULL;
    return 0;
}

/* Leaves a guard on the stack that frees the document it is given, also when Lua raises. */
static json_t **document_guard(lua_State *L)
{
    json_t **document = lua_newuserdatauv(L, sizeof(json_t *), 0);
    *document = NULL;
    luaL_setmetatable(L, document_name);
    lua_toclose(L, -1);
    return document;
}

static void push_value(lua_State *L, const json_t *value);

static void push_array(lua_State *L, const json_t *array)
{
    size_t count = json_array_size(array);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_value(L, json_array_get(array, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    jsonmark_set(L, -1, jsonmark_array);
}

static void push_object(lua_State *L, json_t *object)
{
    lua_createtable(L, 0, (int)json_object_size(object));
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at)) {
        lua_pushlstring(L, json_object_iter_key(at), json_object_iter_key_len(at));
        push_value(L, json_object_iter_value(at));
        lua_rawset(L, -3);
    }
}

/* Recursion ends at JSONWRITE_DEPTH_MAX: jansson made the tree. */
static void push_value(lua_State *L, const json_t *value)
{
    luaL_checkstack(L, 4, "JSON");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        push_object(L, (json_t *)(uintptr_t)value);
        break;
    case JSON_ARRAY:
        push_array(L, value);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(value));
        break;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    }
}

/* What is wrong, in words of ours where jansson's would puzzle. */
static const char *complaint(lua_State *L, const json_error_t *error)
{
    const char *near = strstr(error->text, " near ");

    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
        return strstr(error->text, "integer") ? "integer beyond 64 bits" : "number too large";
    case json_error_stack_overflow:
        return lua_pushfstring(L, "nested deeper than %d", (int)JSONWRITE_DEPTH_MAX);
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_premature_end_of_input:
        return "the text ends too early";
    case json_error_end_of_input_expected:
        return "more text after the value";
    case json_error_out_of_memory:
        return "out of memory";
    default:
        if (error->text[0] == '\0')
            return "out of memory";
        return lua_pushlstring(
            L, error->text, near != NULL ? (size_t)(near - error->text) : strlen(error->text));
    }
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

/* jansson counts the bytes it has taken. The last character of them is what it dislikes, except
   where it could not take the next one. */
static size_t failed_at(const json_error_t *error, const char *text, size_t len)
{
    enum json_error_code code = json_error_code(error);
    size_t taken = (size_t)error->position;

    if (code == json_error_invalid_utf8 || code == json_error_premature_end_of_input)
        return taken < len ? taken : len;
    do
        taken -= taken > 0;
    while (taken > 0 && ((unsigned char)text[taken] & 0xC0) == 0x80);
    return taken;
}

static size_t blanks(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && strchr(" \t\r\n", text[n]) != NULL && text[n] != '\0')
        n++;
    return n;
}

/* Mistakes that jansson would misname, or (a NUL behind a number) overlook. */
static const char *refusal(const char *text, size_t len, size_t *offset)
{
    const char *nul = memchr(text, '\0', len);

    *offset = nul != NULL ? (size_t)(nul - text) : 0;
    if (nul != NULL)
        return "a NUL byte";
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        return "it starts with a byte order mark";
    if (blanks(text, len) == len)
        return "the text is empty";
    return len > INT_MAX ? "the text is too long" : NULL;
}

/* decode(text, bom) -> value | nil, message, position (in bytes, from 1). With `bom`, a byte
   order mark in front is skipped. */
static int decode(lua_State *L)
{
    size_t len, skipped = 0, offset;
    const char *text = luaL_checklstring(L, 1, &len), *refused;
    json_error_t error = {0}; /* jansson leaves it alone when it is out of memory early on */

    if (lua_toboolean(L, 2) && len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        skipped = 3;
    refused = refusal(text + skipped, len - skipped, &offset);
    if (refused != NULL)
        return push_failure(L, text, len, skipped + offset, refused);
    json_t **document = document_guard(L);
    *document =
        json_loadb(text + skipped, len - skipped, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (*document == NULL)
        return push_failure(L, text, len,
            skipped + failed_at(&error, text + skipped, len - skipped), complaint(L, &error));
    push_value(L, *document);
    return 1;
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
    {"__gc", document_close},
    {"__close", document_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"decode", decode},
    {"encode", encode},
    {"array", array},
    {"object", object},
    {"is_array", is_array},
    {"is_object", is_object},
    {NULL, NULL},
};

int luaopen_c_json(lua_State *L)
{
    jsonmark_open(L);
    jsonwrite_open(L);
    luaL_newmetatable(L, document_name);
    luaL_setfuncs(L, guard, 0);
    luaL_newlib(L, functions);
    push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}
