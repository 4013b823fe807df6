#include "host/host.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "core/throttle.h"
#include "host/field.h"
#include "host/interrupt.h"
#include "host/modules.h"
#include "host/pace.h"
#include "host/runtime.h"
#include "host/warning.h"

/* [-0, +1, m] What siterun.settings takes over. */
static void push_settings(lua_State *L, const struct cli *cli)
{
    lua_createtable(L, 0, 11);
    field_set_text(L, "profile", cli->profile);
    field_set_text(L, "config", cli->config);
    field_set_text(L, "color", cli->color);
    field_set_text(L, "output", cli->output);
    field_set_text(L, "argv0", cli->argc > 0 ? cli->argv[0] : "siterun");
    field_set_boolean(L, "sandbox", cli->sandbox);
    field_set_boolean(L, "dry_run", cli->dry_run);
    field_set_boolean(L, "trace", cli->trace);
    field_set_boolean(L, "quiet", cli->quiet);
    if (cli->deadline > 0)
        field_set_number(L, "deadline", cli->deadline);
}

/* [-0, +1, m] {{code=} | {module=}, ...} */
static void push_steps(lua_State *L, const struct cli *cli)
{
    lua_createtable(L, cli->step_count, 0);
    for (int i = 0; i < cli->step_count; i++) {
        lua_createtable(L, 0, 1);
        field_set_text(
            L, cli->steps[i].kind == CLI_CODE ? "code" : "module", cli->steps[i].text);
        lua_rawseti(L, -2, i + 1);
    }
}

/* [-0, +1, m] As lua: the script at 0, its arguments from 1, what came before it below 0;
 * without a script the program is at 0. */
static void push_arguments(lua_State *L, const struct cli *cli)
{
    int script = cli->first < cli->argc ? cli->first : 0;
    lua_createtable(L, cli->argc - script, script + 1);
    for (int i = 0; i < cli->argc; i++) {
        lua_pushstring(L, cli->argv[i]);
        lua_rawseti(L, -2, i - script);
    }
}

/* [-0, +1, m] */
static void push_commands(lua_State *L)
{
    lua_newtable(L);
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
        field_set_boolean(L, command->name, 1);
}

/* Sets `path` and `folder`, the absolute ones of the script, where there is such a file. */
static void set_folder(lua_State *L, const struct cli *cli)
{
    char path[PATH_MAX];
    if (cli->first >= cli->argc || realpath(cli->argv[cli->first], path) == NULL)
        return;
    field_set_text(L, "path", path);
    *strrchr(path, '/') = '\0';
    field_set_text(L, "folder", path);
}

/* [-0, +1, m] The one argument of siterun.main. */
static void push_run(lua_State *L, const struct cli *cli)
{
    lua_createtable(L, 0, 10);
    push_settings(L, cli);
    lua_setfield(L, -2, "settings");
    push_steps(L, cli);
    lua_setfield(L, -2, "steps");
    push_arguments(L, cli);
    lua_setfield(L, -2, "arguments");
    push_commands(L);
    lua_setfield(L, -2, "commands");
    set_folder(L, cli);
    field_set_boolean(L, "has_file", cli->first < cli->argc);
    field_set_boolean(L, "has_code", cli->has_code);
    field_set_boolean(L, "interactive", cli->interactive);
    field_set_boolean(L, "terminal", isatty(STDIN_FILENO));
    field_set_boolean(L, "screen", isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
}

/* Everything that can raise, the set-up included, runs in here. */
static int run(lua_State *L)
{
    const struct cli *cli = lua_touserdata(L, 1);
    const char *lua_dir = getenv("SITERUN_LUA");
    pace_watch(L);
    modules_open(L, lua_dir != NULL && *lua_dir != '\0' ? lua_dir : NULL);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "siterun.main");
    lua_call(L, 1, 1);
    push_run(L, cli);
    lua_call(L, 1, 1);
    return 1;
}

/* For errors of the program itself; siterun.main reports those of users. */
static void report(lua_State *L)
{
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "siterun: %s\n", message != NULL ? message : "an error without a message");
}

static int panic(lua_State *L)
{
    report(L);
    return 0;
}

static lua_State *new_state(lua_Alloc alloc, void *context)
{
    lua_State *L = lua_newstate(alloc, context);
    if (L == NULL)
        return NULL;
    lua_atpanic(L, panic);
    warning_arm(L);
    runtime_arm(L);
    return L;
}

static void set_throttle(const struct cli *cli)
{
    throttle_tell_waits(isatty(STDERR_FILENO) && !cli->quiet);
    throttle_assume_fresh(cli->assume_fresh);
}

int host_run(const struct cli *cli, lua_Alloc alloc, void *context)
{
    int code = 1;
    struct pace pace;
    lua_State *L = new_state(alloc, context);
    if (L == NULL) {
        fprintf(stderr, "siterun: not enough memory\n");
        return code;
    }
    pace_count(L, &pace);
    interrupt_arm(L);
    set_throttle(cli);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, (void *)(uintptr_t)cli);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        report(L);
    interrupt_disarm();
    lua_close(L);
    return code;
}
