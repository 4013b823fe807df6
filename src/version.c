#include "version.h"

#include <curl/curl.h>
#include <histedit.h>
#include <jansson.h>
#include <lua.h>
#include <microhttpd.h>
#include <sqlite3.h>

void version_print(FILE *out)
{
    fprintf(out, "siterun %s\n", SITERUN_VERSION);
    fprintf(out, "%s\n%s\n", LUA_RELEASE, curl_version());
    fprintf(out, "jansson %s\nlibmicrohttpd %s\nSQLite %s\nlibedit %d.%d\n",
        jansson_version_str(), MHD_get_version(), sqlite3_libversion(), LIBEDIT_MAJOR,
        LIBEDIT_MINOR);
}
