/* field: sets the fields of the table on top of the stack. Each is [-0, +0, m]. */
#pragma once
#include <lua.h>

/* NULL leaves the field out. */
void field_set_text(lua_State *L, const char *name, const char *text);
void field_set_integer(lua_State *L, const char *name, lua_Integer value);
void field_set_number(lua_State *L, const char *name, lua_Number value);
void field_set_boolean(lua_State *L, const char *name, int value);
