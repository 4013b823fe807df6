/* c.display: see core/display.h. */
#include "core/display.h"

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdint.h>
#include <stdlib.h>

#include "host/fail.h"
#include "host/scratch.h"

enum { GAP = 2, COLUMNS_MAX = 10000 };

int luaopen_c_display(lua_State *L);

/* width(text, most?) -> columns that it takes; most + 1 when they are more */
static int width(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    lua_pushinteger(L, display_width(text, len, (int)luaL_optinteger(L, 2, INT_MAX - 1)));
    return 1;
}

/* fitting(text, columns) -> how many bytes of it fit */
static int fitting(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer columns = luaL_checkinteger(L, 2);

    luaL_argcheck(L, columns >= 0 && columns <= INT_MAX, 2, "not a number of columns");
    lua_pushinteger(L, (lua_Integer)display_fitting(text, len, (int)columns));
    return 1;
}

static int push_text(lua_State *L, const struct buf *text)
{
    lua_pushlstring(L, buf_text(text), text->len);
    return 1;
}

/* clean(text, lines?) -> the text as it is shown; with `lines` its line feeds and tabs stay */
static int clean(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    bool lines = lua_toboolean(L, 2);
    struct buf *out = scratch_push(L, SIZE_MAX / 2);
    struct err err;

    if (display_add(out, text, len, lines, &err))
        return fail_push(L, &err);
    return push_text(L, out);
}

/* Columns of a cell; below 0, it is aligned to the right. */
static void set_columns(lua_State *L, struct display_cell *cell, lua_Integer columns)
{
    cell->right = columns < 0;
    columns = cell->right ? -columns : columns;
    if (columns < 1 || columns > COLUMNS_MAX)
        luaL_error(L, "a cell of %I columns", (LUAI_UACINT)columns);
    cell->columns = (int)columns;
}

/* fit(text, columns) -> the text in so many columns; to the right of them when they are below
   0 */
static int fit(lua_State *L)
{
    struct display_cell cell = {0};
    struct buf *out;
    struct err err;

    cell.text = luaL_checklstring(L, 1, &cell.len);
    set_columns(L, &cell, luaL_checkinteger(L, 2));
    out = scratch_push(L, SIZE_MAX / 2);
    if (display_add_cell(out, &cell, &err))
        return fail_push(L, &err);
    return push_text(L, out);
}

/* What `rows` was given. */
enum { TEXTS = 1, LAYOUT, FIRST, LAST, LOOKS };

/* Pushes the look of a cell: its own, or its column's; may be "" or nil. */
static const char *push_look(lua_State *L, lua_Integer column, lua_Integer row)
{
    if (!lua_istable(L, LOOKS)) {
        lua_pushnil(L);
        return NULL;
    }
    lua_rawgeti(L, LOOKS, column);
    if (lua_rawgeti(L, -1, row) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, 0);
    }
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

static void add_cell(
    lua_State *L, struct buf *line, lua_Integer column, lua_Integer row, bool last)
{
    struct display_cell cell = {.last = last};
    struct err err;

    lua_rawgeti(L, LAYOUT, column);
    set_columns(L, &cell, lua_tointeger(L, -1));
    lua_rawgeti(L, TEXTS, column);
    lua_rawgeti(L, -1, row);
    cell.text = luaL_checklstring(L, -1, &cell.len);
    cell.look = push_look(L, column, row);
    if (cell.look && !*cell.look)
        cell.look = NULL;
    if ((column > 1 && buf_add(line, "  ", GAP, &err)) || display_add_cell(line, &cell, &err))
        luaL_error(L, "%s", err.message);
    lua_pop(L, 4);
}

/* Without the blanks of empty cells at its end. */
static size_t unblanked(const struct buf *line)
{
    size_t len = line->len;

    while (len > 0 && line->data[len - 1] == ' ')
        len--;
    return len;
}

/* rows(texts, layout, first, last, looks?) -> lines for the rows from `first` to `last`.
   `texts` has for each column its texts by row; `layout` its columns on the screen, below 0
   when it is aligned to the right; `looks` its looks (SGR parameters) by row, at 0 that of the
   others. */
static int rows(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, FIRST), last = luaL_checkinteger(L, LAST);
    lua_Integer columns = luaL_len(L, LAYOUT);
    struct buf *line;

    lua_settop(L, LOOKS);
    line = scratch_push(L, SIZE_MAX / 2);
    lua_newtable(L);
    for (lua_Integer row = first; row <= last; row++) {
        buf_clear(line);
        for (lua_Integer column = 1; column <= columns; column++)
            add_cell(L, line, column, row, column == columns);
        lua_pushlstring(L, buf_text(line), unblanked(line));
        lua_rawseti(L, -2, row - first + 1);
    }
    return 1;
}

int luaopen_c_display(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"width", width},
        {"clean", clean},
        {"fit", fit},
        {"fitting", fitting},
        {"rows", rows},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
