/* trace: where in the user's code an error was raised. Frames of embedded modules and of C are
 * left out. What is noted for an error is kept until it is shown. */
#pragma once
#include <lua.h>

/* [-0, +0, m] Notes the stack of `thread` (from `level`, 0: the running function) for the error
 * at `index` of L. An error that embedded code passes on keeps its first note. */
void trace_note(lua_State *L, int index, lua_State *thread, int level);

/* [-0, +2, m] Pushes the position ("recipe.lua:3") and the frames ("\n\trecipe.lua:3: in ...")
 * that were noted for the error at `index`; empty strings when nothing was. */
void trace_push(lua_State *L, int index);

/* A message handler for lua_pcall and xpcall: notes the stack and returns the error
   unchanged. */
int trace_handler(lua_State *L);
