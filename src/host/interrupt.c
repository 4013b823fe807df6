#include "host/interrupt.h"

#include <lauxlib.h>
#include <signal.h>
#include <stddef.h>

#include "core/loop.h"

static lua_State *volatile running;

static void raise_interrupted(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "siterun.interrupted");
    lua_call(L, 1, 1);
    lua_call(L, 0, 1);
    lua_error(L);
}

/* A hook may be set from a signal handler: it is only looked at between instructions. */
static void interrupt(int signal_number)
{
    signal(signal_number, SIG_DFL);
    loop_interrupt();
    if (running != NULL)
        lua_sethook(running, raise_interrupted,
            LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void interrupt_arm(lua_State *L)
{
    struct sigaction action = {.sa_handler = interrupt};
    running = L;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

lua_State *interrupt_running(lua_State *L)
{
    lua_State *before = running;
    running = L;
    return before;
}

void interrupt_disarm(void)
{
    signal(SIGINT, SIG_DFL);
    running = NULL;
}
