#include "host/modules.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "host/embedded.h"

enum { FACES_MAX = 32 };

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);
int luaopen_lxp(lua_State *L);

static const luaL_Reg bundled[] = {
    {"cjson", luaopen_cjson},
    {"cjson.safe", luaopen_cjson_safe},
    {"lxp", luaopen_lxp},
    {NULL, NULL},
};

static int compare(const void *name, const void *module)
{
    return strcmp(name, ((const struct embedded_module *)module)->name);
}

static const struct embedded_module *find(const char *name)
{
    return bsearch(name, embedded_modules, embedded_count, sizeof *embedded_modules, compare);
}

/* Of the modules that recipes require: siterun's own have a dot in their names. */
static const char *nearest_module(const char *name)
{
    const char *names[FACES_MAX + 1];
    size_t count = 0;

    for (const struct embedded_module *m = embedded_modules; m->name != NULL; m++)
        if (strchr(m->name, '.') == NULL && count < FACES_MAX)
            names[count++] = m->name;
    names[count] = NULL;
    return nearest_name(name, names);
}

/* Our modules keep the globals as they were at the start: a session may name a variable
   `type`. */
static void give_globals(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(2));
    if (lua_setupvalue(L, -2, 1) == NULL)
        lua_pop(L, 1);
}

static int search_embedded(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct embedded_module *m = find(name);
    if (m == NULL) {
        const char *near = nearest_module(name);
        lua_pushliteral(L, "no embedded module");
        if (near != NULL)
            lua_pushfstring(L, "no embedded module (did you mean '%s'?)", near);
        return 1;
    }
    const char *chunk = lua_pushfstring(L, "=[siterun]/%s", m->file);
    if (luaL_loadbufferx(L, (const char *)m->chunk, m->size, chunk, "b") != LUA_OK)
        return lua_error(L);
    give_globals(L);
    lua_pushfstring(L, "[siterun]/%s", m->file);
    return 2;
}

static const char *read_block(lua_State *L, void *context, size_t *size)
{
    static char block[4096];
    (void)L;
    *size = fread(block, 1, sizeof block, context);
    return block;
}

static int close_stream(lua_State *L)
{
    return luaL_fileresult(L, fclose(((luaL_Stream *)lua_touserdata(L, 1))->f) == 0, NULL);
}

static FILE *open_guarded(lua_State *L, const char *path)
{
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    stream->closef = NULL;
    luaL_setmetatable(L, LUA_FILEHANDLE);
    stream->f = fopen(path, "rb");
    if (stream->f != NULL)
        stream->closef = close_stream;
    return stream->f;
}

/* Under SITERUN_LUA: the same names and chunk names, the text from the disk. */
static int search_folder(lua_State *L)
{
    const char *dir = lua_tostring(L, lua_upvalueindex(1));
    const char *relative = luaL_gsub(L, luaL_checkstring(L, 1), ".", "/");
    const char *const forms[] = {"%s/lua/%s.lua", "%s/lua/%s/init.lua"};
    for (int i = 0; i < 2; i++) {
        const char *path = lua_pushfstring(L, forms[i], dir, relative);
        FILE *file = open_guarded(L, path);
        if (file == NULL)
            continue;
        const char *chunk = lua_pushfstring(L, "=[siterun]/%s", path + strlen(dir) + 5);
        if (lua_load(L, read_block, file, chunk, "t") != LUA_OK)
            return lua_error(L);
        give_globals(L);
        lua_pushstring(L, path);
        return 2;
    }
    return lua_pushfstring(L, "no module under '%s/lua'", dir) != NULL;
}

static void preload(lua_State *L, const luaL_Reg *list)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, list, 0);
    lua_pop(L, 1);
}

/* [-0, +1, m] A copy of the globals; other names are those of the globals themselves. */
static void push_copy(lua_State *L)
{
    lua_newtable(L);
    lua_pushglobaltable(L);
    for (lua_pushnil(L); lua_next(L, -2) != 0;) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_settable(L, -5);
    }
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_insert(L, -2);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
}

/* Second, after package.preload: our names can't be replaced by files that lie around. */
static void add_searcher(lua_State *L, const char *lua_dir)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushstring(L, lua_dir);
    push_copy(L);
    lua_pushcclosure(L, lua_dir != NULL ? search_folder : search_embedded, 2);
    lua_rawseti(L, -2, 2);
    lua_pop(L, 2);
}

void modules_open(lua_State *L, const char *lua_dir)
{
    luaL_openlibs(L);
    preload(L, bundled);
    preload(L, embedded_binds);
    add_searcher(L, lua_dir);
}
