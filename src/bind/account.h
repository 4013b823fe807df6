/* account: the handle that Lua holds. */
#pragma once
#include <lua.h>

struct account;

/* [-0, +0, v] The account of the handle at `index`; raises for anything else. */
struct account *account_check(lua_State *L, int index);
