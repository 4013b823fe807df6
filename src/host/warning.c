#include "host/warning.h"

#include <stdio.h>
#include <string.h>

static void stay_silent(void *context, const char *text, int goes_on);
static void begin(void *context, const char *text, int goes_on);

static void set(lua_State *L, lua_WarnFunction next)
{
    lua_setwarnf(L, next, L);
}

static void add(void *context, const char *text, int goes_on)
{
    fprintf(stderr, "%s%s", text, goes_on ? "" : "\n");
    set(context, goes_on ? add : begin);
}

/* A message of one piece that starts with "@" is a command; unknown ones are left out. */
static void begin(void *context, const char *text, int goes_on)
{
    if (goes_on || *text != '@') {
        fprintf(stderr, "Lua warning: ");
        add(context, text, goes_on);
    } else if (strcmp(text, "@off") == 0) {
        set(context, stay_silent);
    }
}

static void stay_silent(void *context, const char *text, int goes_on)
{
    if (!goes_on && strcmp(text, "@on") == 0)
        set(context, begin);
}

void warning_arm(lua_State *L)
{
    set(L, stay_silent);
}
