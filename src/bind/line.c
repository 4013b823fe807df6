/* c.line: the line editor. */
#include "core/line.h"

#include <lauxlib.h>
#include <unistd.h>

#include "host/class.h"
#include "host/fail.h"

#define CLASS "c.line"

static struct line **slot(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS);
}

static struct line *check(lua_State *L)
{
    struct line **line = slot(L);
    if (*line == NULL)
        luaL_error(L, "the line editor is closed");
    return *line;
}

/* line.new() -> editor | nil, err. For stdin and stdout, which must be a terminal. */
static int new (lua_State *L)
{
    struct err err;
    struct line **line = lua_newuserdatauv(L, sizeof *line, 0);
    *line = NULL;
    luaL_setmetatable(L, CLASS);
    if (line_new(line, stdin, stdout, &err) != 0)
        return fail_push(L, &err);
    return 1;
}

/* editor:read(prompt) -> text | nil, "interrupted" | "end". Blocks. */
static int read_line(lua_State *L)
{
    const char *text = NULL;
    size_t len = 0;
    enum line_result result = line_read(check(L), luaL_checkstring(L, 2), &text, &len);
    if (result == LINE_TEXT) {
        lua_pushlstring(L, text, len);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, result == LINE_END ? "end" : "interrupted");
    return 2;
}

/* editor:remember(text) */
static int remember(lua_State *L)
{
    line_remember(check(L), luaL_checkstring(L, 2));
    return 0;
}

static int close_line(lua_State *L)
{
    struct line **line = slot(L);
    line_free(*line);
    *line = NULL;
    return 0;
}

int luaopen_c_line(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"read", read_line},
        {"remember", remember},
        {"close", close_line},
        {"__close", close_line},
        {"__gc", close_line},
        {NULL, NULL},
    };
    class_new(L, CLASS, methods);
    luaL_newlib(L, functions);
    return 1;
}
