#include "host/jsonwrite.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/jsontext.h"
#include "core/utf8.h"
#include "host/jsonmark.h"

static const char writer_name[] = "json.writer";

enum {
    TEXT_MAX = 256 << 20,
    KEY_SHOWN = 40,    /* bytes of a key in an error's path */
    PATH_SHOWN = 200,  /* bytes of the path, its end */
    INSERTED_MAX = 20, /* keys that are sorted by insertion */
    STACKED_MAX = 100, /* entries of an object that wait on the stack */
};

struct writer {
    struct buf out;
    struct err err;
};

/* Where in the value the writer stands: a table and the key or index in it. */
struct place {
    const struct place *up;
    const void *table;
    const char *key; /* NULL in a list */
    size_t key_len;
    lua_Integer index;
    int depth;
};

struct key {
    const char *text;
    size_t len;
    lua_Integer at; /* of its value: an index of the stack, or a place in a list */
};

static int writer_close(lua_State *L)
{
    struct writer *w = lua_touserdata(L, 1);
    buf_fini(&w->out);
    return 0;
}

/* Leaves a guard on the stack that frees what was written, also when Lua raises. */
static struct writer *push_writer(lua_State *L)
{
    struct writer *w = lua_newuserdatauv(L, sizeof *w, 0);
    buf_init(&w->out, TEXT_MAX);
    luaL_setmetatable(L, writer_name);
    lua_toclose(L, -1);
    return w;
}

void jsonwrite_open(lua_State *L)
{
    static const luaL_Reg guard[] = {
        {"__gc", writer_close},
        {"__close", writer_close},
        {NULL, NULL},
    };

    luaL_newmetatable(L, writer_name);
    luaL_setfuncs(L, guard, 0);
    lua_pop(L, 1);
}

static bool is_name(const char *text, size_t len)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return len > 0 && len <= KEY_SHOWN && strspn(text, letters) == len && !isdigit(*text);
}

static int add_key(struct writer *w, const struct place *at)
{
    char shown[KEY_SHOWN + 1] = "";

    if (is_name(at->key, at->key_len))
        return buf_addf(&w->out, &w->err, "%s%s", at->up != NULL ? "." : "", at->key);
    for (size_t i = 0; i < at->key_len && i < KEY_SHOWN; i++)
        shown[i] = isascii(at->key[i]) && isprint(at->key[i]) ? at->key[i] : '?';
    return buf_addf(
        &w->out, &w->err, "[\"%s%s\"]", shown, at->key_len > KEY_SHOWN ? "..." : "");
}

/* The path as Lua would write it: tickets[3].price */
static int add_path(struct writer *w, const struct place *at)
{
    if (at == NULL)
        return 0;
    if (add_path(w, at->up) != 0)
        return -1;
    if (at->key != NULL)
        return add_key(w, at);
    return buf_addf(&w->out, &w->err, "[" LUA_INTEGER_FMT "]", at->index);
}

/* Puts "PATH: WHAT" into the writer's error. What was written so far is of no use any more, so
   its buffer takes the path. */
static int fail(struct writer *w, const struct place *at, const char *format, ...)
{
    char what[160];
    const char *path;
    size_t cut;
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    buf_clear(&w->out);
    if (add_path(w, at) != 0)
        return -1;
    path = buf_text(&w->out);
    cut = w->out.len > PATH_SHOWN ? w->out.len - PATH_SHOWN : 0;
    return err_set(&w->err, ERR_USAGE, "%s%s%s%s", cut ? "..." : "", path + cut,
        at != NULL ? ": " : "", what);
}

static int write_string(lua_State *L, struct writer *w, const struct place *at)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    size_t valid = utf8_valid(text, len);

    if (valid < len)
        return fail(w, at, "the string is not UTF-8 (byte %zu)", valid + 1);
    return jsontext_string(&w->out, text, len, &w->err);
}

static int write_number(lua_State *L, struct writer *w, const struct place *at)
{
    lua_Number number = lua_tonumber(L, -1);

    if (lua_isinteger(L, -1))
        return jsontext_integer(&w->out, lua_tointeger(L, -1), &w->err);
    if (isnan(number))
        return fail(w, at, "NaN cannot be JSON");
    if (isinf(number))
        return fail(w, at, "infinity cannot be JSON");
    return jsontext_real(&w->out, number, &w->err);
}

static int write_value(lua_State *L, struct writer *w, const struct place *at);

static int write_list(lua_State *L, struct writer *w, struct place *at, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        if (buf_add(&w->out, i == 1 ? "[" : ",", 1, &w->err) != 0)
            return -1;
        at->index = (lua_Integer)i;
        lua_rawgeti(L, -1, at->index);
        if (write_value(L, w, at) != 0)
            return -1;
        lua_pop(L, 1);
    }
    return buf_add_string(&w->out, count == 0 ? "[]" : "]", &w->err);
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    size_t shorter = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->text, right->text, shorter);

    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

/* Most objects have few names, which qsort copies about and compares by a pointer. */
static void sort_keys(struct key *keys, size_t count)
{
    if (count > INSERTED_MAX) {
        qsort(keys, count, sizeof *keys, compare_keys);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct key key = keys[i];
        size_t to = i;

        for (; to > 0 && compare_keys(&key, &keys[to - 1]) < 0; to--)
            keys[to] = keys[to - 1];
        keys[to] = key;
    }
}

/* An object while it is written: its entries are taken out at once, as what makes them text can
   let a finalizer, or the collector of weak tables, take some from the table. */
struct entries {
    int table; /* indexes of the stack */
    int list;  /* of values and keys, 0: they wait on the stack */
    struct key *keys;
    size_t count;
};

/* Keeps the key and the value on top; leaves the key, and tells where the value is. */
static lua_Integer keep_entry(lua_State *L, const struct entries *e)
{
    lua_Integer at = 2 * (lua_Integer)e->count + 1;

    if (e->list == 0) {
        lua_pushvalue(L, -2);
        return lua_gettop(L) - 1;
    }
    lua_rawseti(L, e->list, at);
    lua_pushvalue(L, -1);
    lua_rawseti(L, e->list, at + 1);
    return at;
}

/* `count` entries at most, and only those whose keys are text. */
static void keep_entries(lua_State *L, struct entries *e, size_t count)
{
    lua_pushnil(L);
    while (e->count < count && lua_next(L, e->table) != 0) {
        struct key *key = &e->keys[e->count];

        if (lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 1);
            continue;
        }
        key->text = lua_tolstring(L, -2, &key->len);
        key->at = keep_entry(L, e);
        e->count++;
    }
}

/* Pushes what holds the entries of the table on top; they are sorted. */
static struct entries push_entries(lua_State *L, size_t count)
{
    struct entries e = {.table = lua_gettop(L)};

    luaL_checkstack(L, count > STACKED_MAX ? 6 : 2 * (int)count + 6, "JSON");
    e.keys = lua_newuserdatauv(L, count * sizeof *e.keys, 0);
    if (count > STACKED_MAX) {
        lua_createtable(L, (int)count, 0);
        e.list = lua_gettop(L);
    }
    keep_entries(L, &e, count);
    sort_keys(e.keys, e.count);
    return e;
}

static int write_key(struct writer *w, const struct place *at)
{
    if (utf8_valid(at->key, at->key_len) < at->key_len)
        return fail(w, at, "the key is not UTF-8");
    if (memchr(at->key, '\0', at->key_len) != NULL)
        return fail(w, at, "the key holds a NUL byte");
    if (jsontext_string(&w->out, at->key, at->key_len, &w->err) != 0)
        return -1;
    return buf_add(&w->out, ":", 1, &w->err);
}

static int write_object(lua_State *L, struct writer *w, struct place *at, size_t count)
{
    struct entries e = push_entries(L, count);

    for (size_t i = 0; i < e.count; i++) {
        at->key = e.keys[i].text;
        at->key_len = e.keys[i].len;
        if (buf_add(&w->out, i == 0 ? "{" : ",", 1, &w->err) != 0 || write_key(w, at) != 0)
            return -1;
        if (e.list == 0)
            lua_pushvalue(L, (int)e.keys[i].at);
        else
            lua_rawgeti(L, e.list, e.keys[i].at);
        if (write_value(L, w, at) != 0)
            return -1;
        lua_pop(L, 1);
    }
    lua_settop(L, e.table);
    return buf_add_string(&w->out, e.count == 0 ? "{}" : "}", &w->err);
}

static bool encloses(const struct place *at, const void *table)
{
    while (at != NULL && at->table != table)
        at = at->up;
    return at != NULL;
}

static int write_table(lua_State *L, struct writer *w, const struct place *up)
{
    struct place at = {
        .up = up, .table = lua_topointer(L, -1), .depth = up ? up->depth + 1 : 1};
    struct jsonmark_shape shape;

    luaL_checkstack(L, 6, "JSON");
    shape = jsonmark_shape(L, -1);
    if (encloses(up, at.table))
        return fail(w, up, "a table holds itself");
    if (shape.wrong != NULL)
        return fail(w, up, "%s", shape.wrong);
    return shape.list ? write_list(L, w, &at, shape.count)
                      : write_object(L, w, &at, shape.count);
}

static int write_value(lua_State *L, struct writer *w, const struct place *at)
{
    if (at != NULL && at->depth >= JSONWRITE_DEPTH_MAX)
        return fail(w, at, "nested deeper than %d", JSONWRITE_DEPTH_MAX);
    switch (lua_type(L, -1)) {
    case LUA_TTABLE:
        return write_table(L, w, at);
    case LUA_TSTRING:
        return write_string(L, w, at);
    case LUA_TNUMBER:
        return write_number(L, w, at);
    case LUA_TBOOLEAN:
        return buf_add_string(&w->out, lua_toboolean(L, -1) ? "true" : "false", &w->err);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, -1) == NULL)
            return buf_add_string(&w->out, "null", &w->err);
        break;
    case LUA_TNIL:
        return fail(w, at, "nil cannot be JSON: use json.null");
    case LUA_TTHREAD:
        return fail(w, at, "a coroutine cannot be JSON");
    }
    return fail(w, at, "a %s cannot be JSON", luaL_typename(L, -1));
}

int jsonwrite_push(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    struct writer *w = push_writer(L);
    lua_pushvalue(L, index);
    if (write_value(L, w, NULL) == 0) {
        lua_pushlstring(L, buf_text(&w->out), w->out.len);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, w->err.message);
    return 2;
}

int jsonwrite_tostring(lua_State *L)
{
    lua_settop(L, 1);
    if (jsonwrite_push(L, 1) == 2)
        lua_pushfstring(L, "table: %p", lua_topointer(L, 1));
    return 1;
}
