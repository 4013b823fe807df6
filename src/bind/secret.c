#include "bind/secret.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bind/process.h"
#include "core/secret.h"
#include "host/fail.h"
#include "host/scratch.h"

static const char class[] = "c.secret";

int luaopen_c_secret(lua_State *L);

struct secret *secret_check(lua_State *L, int index)
{
    struct secret **handle = luaL_checkudata(L, index, class);

    return *handle;
}

static struct secret **push_handle(lua_State *L)
{
    struct secret **handle = lua_newuserdatauv(L, sizeof(struct secret *), 0);

    *handle = NULL;
    luaL_setmetatable(L, class);
    return handle;
}

static int new_secret(lua_State *L)
{
    size_t len;
    const char *value = luaL_checklstring(L, 1, &len);
    const char *label = luaL_optstring(L, 2, "secret");
    struct err err;

    return secret_new(push_handle(L), value, len, label, &err) ? fail_push(L, &err) : 1;
}

/* nil alone for a variable that is not set. */
static int from_env(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct secret **handle = push_handle(L);
    struct err err;

    if (secret_from_env(handle, name, &err))
        return fail_push(L, &err);
    if (!*handle)
        lua_pushnil(L);
    return 1;
}

static int from_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct err err;

    return secret_from_file(push_handle(L), path, &err) ? fail_push(L, &err) : 1;
}

static int from_command(lua_State *L)
{
    const char *const *argv = process_argv(L, 1);
    struct err err;

    return secret_from_command(push_handle(L), argv, &err) ? fail_push(L, &err) : 1;
}

static int redact(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct buf *shown = scratch_push(L, SIZE_MAX / 2);
    struct err err;

    if (secret_redact(shown, text, len, &err))
        return luaL_error(L, "%s", err.message);
    lua_pushlstring(L, buf_text(shown), shown->len);
    return 1;
}

static int is_secret(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, luaL_testudata(L, 1, class) != NULL);
    return 1;
}

static int label(lua_State *L)
{
    struct secret *secret = secret_check(L, 1);

    lua_pushstring(L, secret ? secret_label(secret) : "secret");
    return 1;
}

/* Two handles of one value are equal, so that they open one account. */
static bool is_edge(char c)
{
    return strchr(" \t\"'", c) != NULL;
}

/* is_copied(secret) -> does it begin or end as text does that was copied with more than it:
   with a blank, a quotation mark or a byte order mark? It tells nothing else of the value. */
static int is_copied(lua_State *L)
{
    const struct secret *secret = secret_check(L, 1);
    const char *value = secret ? secret_value(secret) : "";
    size_t len = secret ? secret_len(secret) : 0;
    bool has_mark = strncmp(value, "\xEF\xBB\xBF", 3) == 0;

    lua_pushboolean(L, has_mark || (len > 0 && (is_edge(value[0]) || is_edge(value[len - 1]))));
    return 1;
}

static int equal(lua_State *L)
{
    struct secret *a = secret_check(L, 1), *b = secret_check(L, 2);
    bool same = a && b && secret_len(a) == secret_len(b) &&
                memcmp(secret_value(a), secret_value(b), secret_len(a)) == 0;

    lua_pushboolean(L, same);
    return 1;
}

static int collect(lua_State *L)
{
    struct secret **handle = luaL_checkudata(L, 1, class);

    secret_unref(*handle);
    *handle = NULL;
    return 0;
}

static void make_class(lua_State *L)
{
    static const luaL_Reg meta[] = {
        {"__tostring", label}, {"__eq", equal}, {"__gc", collect}, {NULL, NULL}};

    luaL_newmetatable(L, class);
    luaL_setfuncs(L, meta, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

int luaopen_c_secret(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"new", new_secret},
        {"env", from_env},
        {"file", from_file},
        {"command", from_command},
        {"redact", redact},
        {"is", is_secret},
        {"is_copied", is_copied},
        {NULL, NULL},
    };

    make_class(L);
    luaL_newlib(L, functions);
    return 1;
}
