#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "host/fail.h"
#include "host/scratch.h"

enum { READ_MAX = 1024 * 1024 };

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

/* file.make_folder(path) -> path | nil, err */
static int make_folder(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct err err;

    lua_settop(L, 1);
    return file_make_folder(path, &err) ? fail_push(L, &err) : 1;
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

int luaopen_c_file(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"read", read_text},
        {"write", write_text},
        {"make_folder", make_folder},
        {"temporary_folder", temporary_folder},
        {"folder", folder},
        {"enter", enter},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
