#include "host/interrupt.h"

#include <lauxlib.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/loop.h"

/* Waits end at the deadline by themselves, with errors of their own; this is for what
   computes. */
static const double GRACE_S = 0.5;

/* So often a script may catch the error of the deadline; a pcall in an endless loop would do so
 * for ever. */
enum { CAUGHT_MAX = 2, EXIT_DEADLINE = 6 };

static lua_State *volatile running;

/* In a session SIGINT first of all ends waits; a function that goes on computing for so long is
 * ended by an error, and if it catches that, and goes on for as long again or SIGINT comes
 * again, by one at each step: between two calls of pcall a loop takes only a few. */
enum { PATIENCE_MS = 100, INSTRUCTIONS = 1000 };
enum { EACH_STEP = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT };

/* SIGINTs since the session attended to the last one, when the first of them or the error came
 * that was raised for it, and whether one came since that was asked. */
static volatile sig_atomic_t strikes;
static volatile int64_t struck_ms;
static volatile sig_atomic_t raised;
static volatile sig_atomic_t echoed;

/* Raises the error that the module makes. */
static void raise_from(lua_State *L, const char *module)
{
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    lua_call(L, 1, 1);
    lua_call(L, 0, 1);
    lua_error(L);
}

static void raise_interrupted(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    raise_from(L, "siterun.interrupted");
}

static bool is_patient(void)
{
    return clock_ms() - struck_ms < PATIENCE_MS && !(raised && strikes > 1);
}

static void raise_insistently(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    if (!loop_interrupted()) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    bool is_soon = is_patient(), is_last = raised || strikes > 1;
    if (is_soon || !is_last)
        lua_sethook(L, raise_insistently, LUA_MASKCOUNT, INSTRUCTIONS);
    else
        lua_sethook(L, raise_insistently, EACH_STEP, 1);
    if (is_soon)
        return;
    if (!raised)
        struck_ms = clock_ms();
    raised = 1;
    raise_from(L, "siterun.interrupted");
}

static void raise_expired(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    raise_from(L, "siterun.expired");
}

/* A hook may be set from a signal handler: it is only looked at between instructions. */
static void raise_soon(lua_Hook hook)
{
    if (running != NULL)
        lua_sethook(running, hook, EACH_STEP, 1);
}

static void interrupt(int signal_number)
{
    signal(signal_number, SIG_DFL);
    loop_interrupt();
    raise_soon(raise_interrupted);
}

static void strike(int signal_number)
{
    (void)signal_number;
    echoed = 1;
    if (strikes++ == 0)
        struck_ms = clock_ms();
    loop_interrupt();
    raise_soon(raise_insistently);
}

/* As a kill would: what the journal knows of is settled by the next run. */
static void leave(void)
{
    static const char text[] = "siterun: the deadline has passed, and the script goes on after "
                               "each error that says so; it was ended\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(EXIT_DEADLINE);
}

static void expire(int signal_number)
{
    static int caught;
    (void)signal_number;
    if (caught++ >= CAUGHT_MAX && running != NULL)
        leave();
    raise_soon(raise_expired);
}

void interrupt_after(double seconds)
{
    struct sigaction action = {.sa_handler = expire};
    double whole = floor(seconds + GRACE_S);
    struct itimerval timer = {
        .it_value = {(time_t)whole, (suseconds_t)((seconds + GRACE_S - whole) * 1e6)},
        .it_interval = {1, 0},
    };
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

void interrupt_arm(lua_State *L)
{
    struct sigaction action = {.sa_handler = interrupt};
    running = L;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void interrupt_arm_session(void)
{
    static bool in_session;
    struct sigaction action = {.sa_handler = strike};
    if (!in_session)
        running = NULL;
    in_session = true;
    strikes = 0;
    raised = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool interrupt_echoed(void)
{
    bool was = echoed;
    echoed = 0;
    return was;
}

void interrupt_running_again(lua_State *L)
{
    running = L;
    if (L != NULL && raised && loop_interrupted())
        lua_sethook(L, raise_insistently, EACH_STEP, 1);
}

lua_State *interrupt_running(lua_State *L)
{
    lua_State *before = running;
    if (before != NULL)
        interrupt_running_again(L);
    running = L;
    return before;
}

void interrupt_disarm(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGINT, SIG_DFL);
    running = NULL;
}
