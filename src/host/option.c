#include "host/option.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/nearest.h"

enum { OPTIONS_MAX = 63 };

static const char *nearest_option(const char *name, const struct option *options)
{
    const char *names[OPTIONS_MAX + 1] = {NULL};
    for (int i = 0; options[i].name != NULL && i < OPTIONS_MAX; i++)
        names[i] = options[i].name;
    return nearest_name(name, names);
}

static void refuse_unknown(lua_State *L, const char *name, const struct option *options)
{
    const char *near = nearest_option(name, options);
    if (near != NULL)
        luaL_error(L, "unknown option '%s' (did you mean '%s'?)", name, near);
    luaL_error(L, "unknown option '%s'", name);
}

/* The option that the key at -2 names. */
static const struct option *find(lua_State *L, const struct option *options)
{
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "option names are strings, got a %s", luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    for (const struct option *o = options; o->name != NULL; o++)
        if (o->name[0] == name[0] && strcmp(o->name, name) == 0)
            return o;
    refuse_unknown(L, name, options);
    return NULL;
}

static void refuse_type(lua_State *L, const struct option *o, const char *wanted)
{
    luaL_error(L, "option '%s': %s expected, got %s", o->name, wanted, luaL_typename(L, -1));
}

static void check_range(lua_State *L, const struct option *o, double value, const char *what)
{
    char text[120];
    if (o->min >= o->max || (value >= o->min && value <= o->max))
        return;
    snprintf(text, sizeof text, "%s must be from %.10g to %.10g", what, o->min, o->max);
    luaL_error(L, "option '%s': %s", o->name, text);
}

static void check_values(lua_State *L, const struct option *o, const char *text)
{
    luaL_Buffer list;
    if (o->values == NULL)
        return;
    for (const char *const *v = o->values; *v != NULL; v++)
        if (strcmp(*v, text) == 0)
            return;
    luaL_buffinit(L, &list);
    for (const char *const *v = o->values; *v != NULL; v++) {
        luaL_addstring(&list, v == o->values ? "" : ", ");
        luaL_addstring(&list, *v);
    }
    luaL_pushresult(&list);
    luaL_error(L, "option '%s': '%s' is none of %s", o->name, text, lua_tostring(L, -1));
}

static void read_string(lua_State *L, const struct option *o, void *out)
{
    struct option_text *text = out;
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse_type(L, o, "string");
    text->data = lua_tolstring(L, -1, &text->len);
    check_range(L, o, (double)text->len, "its length");
    check_values(L, o, text->data);
}

static void read_integer(lua_State *L, const struct option *o, void *out)
{
    int exact = 0;
    lua_Integer value = lua_tointegerx(L, -1, &exact);
    if (lua_type(L, -1) != LUA_TNUMBER || !exact)
        refuse_type(L, o, "integer");
    check_range(L, o, (double)value, "it");
    *(lua_Integer *)out = value;
}

static void read_number(lua_State *L, const struct option *o, void *out)
{
    double value = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !isfinite(value))
        refuse_type(L, o, "finite number");
    check_range(L, o, value, "it");
    *(double *)out = value;
}

static void read_boolean(lua_State *L, const struct option *o, void *out)
{
    if (!lua_isboolean(L, -1))
        refuse_type(L, o, "boolean");
    *(bool *)out = lua_toboolean(L, -1);
}

static void read_scalar(lua_State *L, const struct option *o, void *out)
{
    if (o->type == OPTION_STRING)
        read_string(L, o, out);
    else if (o->type == OPTION_INTEGER)
        read_integer(L, o, out);
    else if (o->type == OPTION_NUMBER)
        read_number(L, o, out);
    else
        read_boolean(L, o, out);
}

/* Puts the value into the slot that is reserved for it, counted from `first`. */
static void read_value(
    lua_State *L, const struct option *options, const struct option *o, int first, int *slot)
{
    if (o->lua_type != LUA_TNONE && lua_type(L, -1) != o->lua_type)
        refuse_type(L, o, lua_typename(L, o->lua_type));
    *slot = first;
    for (; options < o; options++)
        *slot += options->type == OPTION_VALUE;
    lua_pushvalue(L, -1);
    lua_replace(L, *slot);
}

/* [-0, +v, m] A nil for each OPTION_VALUE. Returns where the first is. */
static int reserve(lua_State *L, const struct option *options, char *out)
{
    int first = lua_gettop(L) + 1;
    for (; options->name != NULL; options++) {
        if (options->type != OPTION_VALUE)
            continue;
        lua_pushnil(L);
        *(int *)(void *)(out + options->offset) = 0;
    }
    return first;
}

static void check_required(lua_State *L, const struct option *options, uint64_t given)
{
    for (int i = 0; options[i].name != NULL; i++)
        if (options[i].required && !(given >> i & 1))
            luaL_error(L, "option '%s' is missing", options[i].name);
}

/* Returns which were given, by their place in the list. */
static uint64_t read_all(lua_State *L, int index, const struct option *options, char *out)
{
    uint64_t given = 0;
    int first = reserve(L, options, out);
    if (index == 0)
        return given;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        const struct option *o = find(L, options);
        given |= (uint64_t)1 << (o - options);
        if (o->type == OPTION_VALUE)
            read_value(L, options, o, first, (int *)(void *)(out + o->offset));
        else if (o->type != OPTION_IGNORED)
            read_scalar(L, o, out + o->offset);
    }
    return given;
}

void option_read(lua_State *L, int index, const struct option *options, void *out)
{
    bool is_given = !lua_isnoneornil(L, index);
    if (is_given)
        luaL_checktype(L, index, LUA_TTABLE);
    luaL_checkstack(L, OPTIONS_MAX + 8, "options");
    check_required(
        L, options, read_all(L, is_given ? lua_absindex(L, index) : 0, options, out));
}
