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

/* interrupt.disarm(): the run is over, SIGINT kills. */
static int disarm(lua_State *L)
{
    (void)L;
    interrupt_disarm();
    return 0;
}

int luaopen_c_interrupt(lua_State *L)
{
    static const luaL_Reg functions[] = {{"arm", arm}, {"disarm", disarm}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
