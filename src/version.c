#include "version.h"

#include <curl/curl.h>
#include <histedit.h>
#include <lua.h>
#include <microhttpd.h>
#include <sqlite3.h>
#include <string.h>

#define TEXT(value) #value
#define JOINED(major, minor) TEXT(major) "." TEXT(minor)

/* What follows the library's own name. */
static const char *after(const char *text, char mark)
{
    const char *at = strchr(text, mark);
    return at != NULL ? at + 1 : text;
}

const struct version *version_list(void)
{
    static struct version list[8];
    list[0] = (struct version){"siterun", SITERUN_VERSION};
    list[1] = (struct version){"Lua", after(LUA_RELEASE, ' ')};
    list[2] = (struct version){"libcurl", after(curl_version(), '/')};
    list[3] = (struct version){"libmicrohttpd", MHD_get_version()};
    list[4] = (struct version){"SQLite", sqlite3_libversion()};
    list[5] = (struct version){"libedit", JOINED(LIBEDIT_MAJOR, LIBEDIT_MINOR)};
    return list;
}

void version_print(FILE *out)
{
    for (const struct version *v = version_list(); v->name != NULL; v++)
        fprintf(out, "%s %s\n", v->name, v->text);
}
