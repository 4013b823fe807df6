/* c.line: the line editor. */
#include "core/line.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/loop.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/runtime.h"
#include "host/streams.h"

#define CLASS "c.line"

/* User values of an editor. */
enum { WAIT = 1, COMPLETE, FAILURE, VALUES = FAILURE };

struct editor {
    struct loop_op op;
    struct line *line; /* NULL once closed */
};

/* One call of read; the editor is at index 1 of its stack. libedit is below whatever is called
   meanwhile, so no error may pass. */
struct reading {
    lua_State *L;
    bool failed;
};

struct question {
    const char *text;
    size_t len, cursor;
    struct line_completion answer;
};

static struct editor *self(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS);
}

static struct line *check(lua_State *L)
{
    struct line *line = self(L)->line;
    if (line == NULL)
        luaL_error(L, "the line editor is closed");
    return line;
}

/* line.new(history?) -> editor | nil, err. For stdin and stdout, which must be a terminal;
   `history` is the path of a file. */
static int new (lua_State *L)
{
    struct err err;
    const char *history = luaL_optstring(L, 1, NULL);
    FILE *out = stdout, *errors = stderr;
    struct loop *loop = runtime_loop(L);
    struct editor *editor = lua_newuserdatauv(L, sizeof *editor, VALUES);
    editor->line = NULL;
    loop_op_init(&editor->op);
    luaL_setmetatable(L, CLASS);
    if (line_new(&editor->line, loop, &editor->op, history, &err) != 0)
        return fail_push(L, &err);
    streams_follow(L, out, errors);
    return 1;
}

/* ---- what the editor calls ---- */

static bool call(struct reading *reading, lua_CFunction function, void *argument)
{
    lua_State *L = reading->L;
    if (!lua_checkstack(L, LUA_MINSTACK))
        return false;
    lua_pushcfunction(L, function);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, argument);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK)
        return true;
    lua_setiuservalue(L, 1, FAILURE);
    return false;
}

/* The function says why there is no more waiting: "interrupted" or "end". */
static int do_wait(lua_State *L)
{
    enum line_result *result = lua_touserdata(L, 2);
    lua_getiuservalue(L, 1, WAIT);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
        *result = LINE_TEXT;
    else
        *result = strcmp(luaL_checkstring(L, -1), "end") == 0 ? LINE_END : LINE_INTERRUPTED;
    return 0;
}

static enum line_result wait(void *context)
{
    struct reading *reading = context;
    enum line_result result = LINE_END;
    reading->failed = !call(reading, do_wait, &result);
    return reading->failed ? LINE_END : result;
}

static int do_complete(lua_State *L)
{
    struct question *question = lua_touserdata(L, 2);
    if (lua_getiuservalue(L, 1, COMPLETE) == LUA_TNIL)
        return 0;
    lua_pushlstring(L, question->text, question->len);
    lua_pushinteger(L, (lua_Integer)question->cursor);
    lua_call(L, 2, 2);
    question->answer.erase = (size_t)lua_tointeger(L, -2);
    if (lua_isstring(L, -1))
        question->answer.insert = strdup(lua_tostring(L, -1));
    return 0;
}

/* Completion that fails offers nothing. */
static struct line_completion complete(
    void *context, const char *text, size_t len, size_t cursor)
{
    struct question question = {.text = text, .len = len, .cursor = cursor};
    if (!call(context, do_complete, &question))
        return (struct line_completion){0};
    return question.answer;
}

/* ---- methods ---- */

/* editor:on{wait=, complete=}: the functions to call while it reads. wait() lets others work
   and returns "interrupted" or "end" when the reading is to end; complete(text, cursor) gives
   the number of characters to erase before the cursor, and what to insert. */
static int on(lua_State *L)
{
    check(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "wait");
    luaL_checktype(L, -1, LUA_TFUNCTION);
    lua_setiuservalue(L, 1, WAIT);
    lua_getfield(L, 2, "complete");
    lua_setiuservalue(L, 1, COMPLETE);
    return 0;
}

/* editor:read(prompt) -> text | nil, "interrupted" | "end" */
static int read_line(lua_State *L)
{
    struct reading reading = {.L = L};
    const struct line_host host = {.context = &reading, .wait = wait, .complete = complete};
    struct line *line = check(L);
    const char *prompt = luaL_checkstring(L, 2), *text = NULL;
    size_t len = 0;
    enum line_result result;
    if (line_is_reading(line))
        return luaL_error(L, "a line is being typed already");
    result = line_read(line, &host, prompt, &text, &len);
    if (reading.failed) {
        lua_getiuservalue(L, 1, FAILURE);
        return lua_error(L);
    }
    if (result == LINE_TEXT) {
        lua_pushlstring(L, text, len);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, result == LINE_END ? "end" : "interrupted");
    return 2;
}

/* editor:drop_typed() -> whether what was typed ahead will not be read */
static int drop_typed(lua_State *L)
{
    check(L);
    lua_pushboolean(L, tcflush(STDIN_FILENO, TCIFLUSH) == 0);
    return 1;
}

/* editor:ready() -> whether there is something for it to do */
static int ready(lua_State *L)
{
    check(L);
    lua_pushboolean(L, self(L)->op.ended);
    return 1;
}

/* editor:remember(text) -> true | nil, err */
static int remember(lua_State *L)
{
    struct err err;
    if (line_remember(check(L), luaL_checkstring(L, 2), &err) != 0)
        return fail_push(L, &err);
    lua_pushboolean(L, true);
    return 1;
}

/* editor:history() -> {text, ...}, the oldest first */
static int push_history(lua_State *L)
{
    struct line *line = check(L);
    size_t count = line_history_count(line);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, line_history_text(line, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* editor:columns() -> the terminal's width */
static int columns(lua_State *L)
{
    lua_pushinteger(L, line_columns(check(L)));
    return 1;
}

/* Also called below line_read, which then never goes on, when the state is closed. */
static int collect(lua_State *L)
{
    struct editor *editor = self(L);
    line_free(editor->line);
    editor->line = NULL;
    return 0;
}

static int close_line(lua_State *L)
{
    struct line *line = self(L)->line;
    if (line != NULL && line_is_reading(line))
        return luaL_error(L, "a line is being typed");
    return collect(L);
}

int luaopen_c_line(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", new}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"on", on},
        {"read", read_line},
        {"drop_typed", drop_typed},
        {"ready", ready},
        {"remember", remember},
        {"history", push_history},
        {"columns", columns},
        {"close", close_line},
        {"__close", close_line},
        {"__gc", collect},
        {NULL, NULL},
    };
    runtime_loop(L);
    class_new(L, CLASS, methods);
    luaL_newlib(L, functions);
    return 1;
}
