#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/pathinfo.h"
#include "host/fail.h"
#include "host/field.h"
#include "host/scratch.h"

enum { READ_MAX = 1024 * 1024, LIST_MAX = 256 * 1024 };

int luaopen_c_file(lua_State *L);

/* file.read(path) -> text, shared | nil, err */
static int read_text(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *text = scratch_push(L, READ_MAX);
    bool shared = false;
    struct err err;

    if (file_read(path, text, &shared, &err))
        return fail_push(L, &err);
    lua_pushlstring(L, buf_text(text), text->len);
    lua_pushboolean(L, shared);
    return 2;
}

/* file.write(path, text) -> path | nil, err; see file_write */
static int write_text(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    size_t len;
    const char *text = luaL_checklstring(L, 2, &len);
    struct err err;

    if (file_write(path, text, len, &err))
        return fail_push(L, &err);
    lua_settop(L, 1);
    return 1;
}

/* file.make_folder(path, mode?) -> path | nil, err; open to the owner alone unless told */
static int make_folder(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    unsigned mode = (unsigned)luaL_optinteger(L, 2, S_IRWXU);
    struct err err;

    lua_settop(L, 1);
    return file_make_folder(path, mode, &err) ? fail_push(L, &err) : 1;
}

/* file.temporary_folder() -> path | nil, err */
static int temporary_folder(lua_State *L)
{
    const char *path;
    struct err err;

    if (file_temporary_folder(&path, &err))
        return fail_push(L, &err);
    lua_pushstring(L, path);
    return 1;
}

/* file.folder() -> the current folder | nil, err */
static int folder(lua_State *L)
{
    char path[PATH_MAX];
    struct err err;

    if (!getcwd(path, sizeof path)) {
        err_set(&err, ERR_CONFIG, "the current folder: %s", strerror(errno));
        return fail_push(L, &err);
    }
    lua_pushstring(L, path);
    return 1;
}

/* file.enter(folder) -> folder | nil, err; makes it the current one */
static int enter(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct err err;

    lua_settop(L, 1);
    if (!chdir(path))
        return 1;
    err_set(&err, ERR_CONFIG, "cannot enter the folder %.300s: %s", path, strerror(errno));
    return fail_push(L, &err);
}

/* file.about(path) -> {kind=, mode=, is_ours=, is_writable=, is_network=, bytes=, free=} | nil,
   err; see pathinfo.h */
static int about(lua_State *L)
{
    struct pathinfo info;
    struct err err;

    if (pathinfo_read(luaL_checkstring(L, 1), &info, &err))
        return fail_push(L, &err);
    lua_createtable(L, 0, 7);
    field_set_text(L, "kind", info.kind);
    field_set_integer(L, "mode", info.mode);
    field_set_boolean(L, "is_ours", info.is_ours);
    field_set_boolean(L, "is_writable", info.is_writable);
    field_set_boolean(L, "is_network", info.is_network);
    field_set_integer(L, "bytes", info.bytes);
    field_set_integer(L, "free", info.free_bytes);
    return 1;
}

/* file.create(path, text, mode) -> path | nil, err; see file_create */
static int create(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    size_t len;
    const char *text = luaL_checklstring(L, 2, &len);
    unsigned mode = (unsigned)luaL_checkinteger(L, 3);
    struct err err;

    lua_settop(L, 2);
    if (file_create(path, text, len, mode, &err))
        return fail_push(L, &err);
    lua_settop(L, 1);
    return 1;
}

/* file.list(folder) -> names, those of folders end in "/" | nil, err; see file_list */
static int list(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct buf *names = scratch_push(L, LIST_MAX);
    struct err err;

    if (file_list(path, names, &err))
        return fail_push(L, &err);
    lua_newtable(L);
    for (size_t at = 0, i = 1; at < names->len; at += strlen(names->data + at) + 1, i++) {
        lua_pushstring(L, names->data + at);
        lua_rawseti(L, -2, (lua_Integer)i);
    }
    return 1;
}

int luaopen_c_file(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"read", read_text},
        {"write", write_text},
        {"make_folder", make_folder},
        {"temporary_folder", temporary_folder},
        {"folder", folder},
        {"enter", enter},
        {"list", list},
        {"about", about},
        {"create", create},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
