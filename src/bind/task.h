/* task: what the scheduler needs of c.task. */
#pragma once
#include <lua.h>
#include <stdbool.h>

/* [-0, +1, -] Pushes the mark WAIT: a coroutine that yields it and something else waits for
   that. */
void task_push_wait(lua_State *L);

/* [-0, +1, m] Pushes a new thread with the function at `index`. It counts as a main program. */
lua_State *task_push_thread(lua_State *L, int index);

/* [-count, +0, -] Resumes `thread` with the values on top of its stack. The thread is known as
   the running one meanwhile, so that an interrupt reaches a busy loop. Returns lua_resume's
   status; the results are on the thread's stack. */
int task_resume(lua_State *L, lua_State *thread, int count, int *results);

/* [-0, +0, -] Whether the results of a thread that has yielded say that it waits: for what is
   on top of its stack. */
bool task_waits(lua_State *thread, int results);
