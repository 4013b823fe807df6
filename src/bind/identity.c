/* c.identity: who runs this, and whether another process still does. */
#include <lauxlib.h>
#include <lua.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "core/slots_owner.h"
#include "host/field.h"

enum { PASSWD_MAX = 16384, HOST_MAX = 256 };

int luaopen_c_identity(lua_State *L);

/* [-0, +1, m] The account's name; its number where it has none. */
static void push_user(lua_State *L)
{
    char space[PASSWD_MAX];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(getuid(), &entry, space, sizeof space, &found) == 0 && found)
        lua_pushstring(L, found->pw_name);
    else
        lua_pushfstring(L, "%I", (LUAI_UACINT)getuid());
}

/* [-0, +1, m] */
static void push_host(lua_State *L)
{
    char name[HOST_MAX] = {0};

    if (gethostname(name, sizeof name - 1))
        name[0] = '\0';
    lua_pushstring(L, name[0] ? name : "?");
}

/* self() -> {user=, host=, pid=, born=}; `born` tells a process from a later one of the same
   id */
static int self(lua_State *L)
{
    struct slots_owner owner = slots_owner_self();

    lua_createtable(L, 0, 4);
    push_user(L);
    lua_setfield(L, -2, "user");
    push_host(L);
    lua_setfield(L, -2, "host");
    field_set_integer(L, "pid", (lua_Integer)owner.pid);
    field_set_integer(L, "born", (lua_Integer)owner.born);
    return 1;
}

/* is_alive(pid, born) */
static int is_alive(lua_State *L)
{
    struct slots_owner owner = {0};

    owner.pid = luaL_checkinteger(L, 1);
    owner.born = (uint64_t)luaL_checkinteger(L, 2);
    lua_pushboolean(L, slots_owner_is_alive(owner));
    return 1;
}

int luaopen_c_identity(lua_State *L)
{
    static const luaL_Reg functions[] = {{"self", self}, {"is_alive", is_alive}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
