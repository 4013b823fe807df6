/* c.cli: the command line's tables, and the versions; see cli.h and version.h. */
#include "cli.h"

#include <lauxlib.h>
#include <lua.h>

#include "host/field.h"
#include "version.h"

int luaopen_c_cli(lua_State *L);

/* options() -> {{name=, letter=, argument=, text=, words=}, ...} */
static int options(lua_State *L)
{
    lua_newtable(L);
    for (const struct cli_option *o = cli_options; o->text != NULL; o++) {
        const char letter[] = {o->letter, '\0'};
        lua_createtable(L, 0, 5);
        field_set_text(L, "name", o->name);
        field_set_text(L, "letter", o->letter ? letter : NULL);
        field_set_text(L, "argument", o->argument);
        field_set_text(L, "text", o->text);
        field_set_text(L, "words", o->words);
        lua_rawseti(L, -2, o - cli_options + 1);
    }
    return 1;
}

/* commands() -> {{name=, text=}, ...} */
static int commands(lua_State *L)
{
    lua_newtable(L);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        lua_createtable(L, 0, 2);
        field_set_text(L, "name", c->name);
        field_set_text(L, "text", c->text);
        lua_rawseti(L, -2, c - cli_commands + 1);
    }
    return 1;
}

/* exits() -> {{code=, text=}, ...} */
static int exits(lua_State *L)
{
    lua_newtable(L);
    for (const struct cli_exit *e = cli_exits; e->text != NULL; e++) {
        lua_createtable(L, 0, 2);
        field_set_integer(L, "code", e->code);
        field_set_text(L, "text", e->text);
        lua_rawseti(L, -2, e - cli_exits + 1);
    }
    return 1;
}

/* versions() -> {{name=, text=}, ...} */
static int versions(lua_State *L)
{
    lua_Integer count = 0;
    lua_newtable(L);
    for (const struct version *v = version_list(); v->name != NULL; v++) {
        lua_createtable(L, 0, 2);
        field_set_text(L, "name", v->name);
        field_set_text(L, "text", v->text);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

int luaopen_c_cli(lua_State *L)
{
    static const luaL_Reg functions[] = {{"options", options}, {"commands", commands},
        {"exits", exits}, {"versions", versions}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
