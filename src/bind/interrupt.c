/* c.interrupt: when SIGINT is caught. */
#include "host/interrupt.h"

#include <lauxlib.h>

#include "core/loop.h"

/* interrupt.arm(): forgets an interrupt that came, and catches the next one. */
static int arm(lua_State *L)
{
    loop_resume();
    interrupt_arm(L);
    return 0;
}

/* interrupt.arm_session(): as arm, for a session that goes on after each interrupt */
static int arm_session(lua_State *L)
{
    (void)L;
    loop_resume();
    interrupt_arm_session();
    return 0;
}

/* interrupt.echoed() -> see interrupt_echoed */
static int was_echoed(lua_State *L)
{
    lua_pushboolean(L, interrupt_echoed());
    return 1;
}

/* interrupt.after(seconds): whatever computes then is ended by an error of kind "deadline". */
static int after(lua_State *L)
{
    interrupt_after(luaL_checknumber(L, 1));
    return 0;
}

/* interrupt.disarm(): the run is over, SIGINT kills. */
static int disarm(lua_State *L)
{
    (void)L;
    interrupt_disarm();
    return 0;
}

int luaopen_c_interrupt(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"arm", arm},
        {"arm_session", arm_session},
        {"echoed", was_echoed},
        {"after", after},
        {"disarm", disarm},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
