#include "bind/process.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>
#include <unistd.h>

#include "core/process.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/scratch.h"

enum { LINE_MS = 10 * 1000, ARGUMENTS_MAX = 1000 };

static const char class[] = "c.process";

int luaopen_c_process(lua_State *L);

static const char *argument(lua_State *L, int list, lua_Integer i)
{
    const char *text;
    size_t len;

    if (lua_geti(L, list, i) != LUA_TSTRING)
        luaL_error(L, "argument %I of the command: string expected, got %s", (LUAI_UACINT)i,
            luaL_typename(L, -1));
    text = lua_tolstring(L, -1, &len);
    if (strlen(text) != len)
        luaL_error(L, "argument %I of the command holds a NUL byte", (LUAI_UACINT)i);
    lua_pop(L, 1);
    return text;
}

const char *const *process_argv(lua_State *L, int index)
{
    int list = lua_absindex(L, index);
    const char **argv;
    lua_Integer count;

    luaL_checktype(L, list, LUA_TTABLE);
    count = (lua_Integer)lua_rawlen(L, list);
    luaL_argcheck(L, count > 0 && count < ARGUMENTS_MAX, list,
        "a list with the program and its arguments expected");
    argv = lua_newuserdatauv(L, sizeof *argv * (size_t)(count + 1), 0);
    for (lua_Integer i = 1; i <= count; i++)
        argv[i - 1] = argument(L, list, i);
    argv[count] = NULL;
    luaL_argcheck(L, *argv[0], list, "the program's name is empty");
    return argv;
}

static struct process *check_running(lua_State *L)
{
    struct process **handle = luaL_checkudata(L, 1, class);

    if (!*handle)
        luaL_error(L, "the process is closed");
    return *handle;
}

static int start(lua_State *L)
{
    const char *const *argv = process_argv(L, 1);
    struct process **handle = lua_newuserdatauv(L, sizeof(struct process *), 0);
    struct err err;

    *handle = NULL;
    luaL_setmetatable(L, class);
    return process_start(handle, argv, &err) ? fail_push(L, &err) : 1;
}

/* nil alone at the end of the output. */
static int line(lua_State *L)
{
    struct process *process = check_running(L);
    double timeout = luaL_optnumber(L, 2, LINE_MS / 1000.0);
    struct buf *text;
    struct err err;
    int got;

    luaL_argcheck(L, timeout >= 0 && timeout <= 86400, 2, "seconds, at most a day, expected");
    text = scratch_push(L, PROCESS_LINE_MAX);
    got = process_line(process, text, (int64_t)(timeout * 1000), &err);
    if (got < 0)
        return fail_push(L, &err);
    if (got == 0)
        lua_pushnil(L);
    else
        lua_pushlstring(L, buf_text(text), text->len);
    return 1;
}

static int stop(lua_State *L)
{
    struct process **handle = luaL_checkudata(L, 1, class);

    process_free(*handle);
    *handle = NULL;
    return 0;
}

/* variables() -> the names of the environment's variables, in no order; no values */
static int variables(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; environ && environ[i]; i++) {
        lua_pushlstring(L, environ[i], strcspn(environ[i], "="));
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

int luaopen_c_process(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", start}, {"variables", variables}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"line", line}, {"stop", stop}, {"__gc", stop}, {"__close", stop}, {NULL, NULL}};

    class_new(L, class, methods);
    luaL_newlib(L, functions);
    return 1;
}
