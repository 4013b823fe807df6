/* interrupt: the first SIGINT stops what runs, the second one kills; a deadline stops what
   computes. */
#pragma once
#include <lua.h>
#include <stdbool.h>

/* Catches SIGINT from now on, once: it interrupts the loop and raises the error table of kind
 * "interrupted" in the running thread. Call again to arm it again. */
void interrupt_arm(lua_State *L);

/* As interrupt_arm for a session, which goes on after it: SIGINT interrupts the loop each time.
 * It strikes a thread that was named (below) only when that goes on computing, and not what is
 * between two of them. Call again once an interrupt was attended to. */
void interrupt_arm_session(void);

/* Whether a SIGINT came in the session since the last call: the terminal has shown it as
   "^C". */
bool interrupt_echoed(void);

/* Names the thread that runs now and returns the one that did before: ahead of each lua_resume.
 * Cheap; raises nothing. What ended one that the same task resumed ends this one too. */
lua_State *interrupt_running(lua_State *L);

/* Names the one that did before when it goes on. What ended the resumed thread ends it too,
 * should it go on computing. Cheap; raises nothing. */
void interrupt_running_again(lua_State *L);

/* After `seconds`, and a grace in which waits end by themselves, raises the error table of kind
 * "deadline" in the running thread; again where it is caught, and the third time the process
 * ends with code 6. */
void interrupt_after(double seconds);

/* SIGINT kills from now on, and no deadline strikes. To be called before the Lua state is
   closed. */
void interrupt_disarm(void);
