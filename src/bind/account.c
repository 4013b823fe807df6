/* c.account: see core/account.h. */
#include "bind/account.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "bind/secret.h"
#include "core/account.h"
#include "core/retry.h"
#include "core/throttle.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/field.h"
#include "host/option.h"
#include "host/runtime.h"

static const char class[] = "c.account";

enum { LIMIT_MAX = SLOTS_ENDED_MAX };

struct limit_options {
    lua_Integer count;
    double window;
};

static const struct option limit_options[] = {
    {"count", OPTION_INTEGER, offsetof(struct limit_options, count), 1, 0, LIMIT_MAX, 0, NULL},
    {"window", OPTION_NUMBER, offsetof(struct limit_options, window), 1, 0.001, 1e8, 0, NULL},
    {0},
};

struct auth_options {
    struct option_text kind, name, prefix, user, path, username, token;
    int secret, read_secret, password, expires, headers;
};

#define AT(member) offsetof(struct auth_options, member)
static const char *const auth_kinds[] = {"none", "query", "basic", "header", "session", NULL};
static const struct option auth_options[] = {
    {"kind", OPTION_STRING, AT(kind), 1, 0, 0, 0, auth_kinds},
    {"name", OPTION_STRING, AT(name), 0, 0, 0, 0, NULL},
    {"prefix", OPTION_STRING, AT(prefix), 0, 0, 0, 0, NULL},
    {"user", OPTION_STRING, AT(user), 0, 0, 0, 0, NULL},
    {"secret", OPTION_VALUE, AT(secret), 0, 0, 0, LUA_TUSERDATA, NULL},
    {"read_secret", OPTION_VALUE, AT(read_secret), 0, 0, 0, LUA_TUSERDATA, NULL},
    {"path", OPTION_STRING, AT(path), 0, 0, 0, 0, NULL},
    {"username", OPTION_STRING, AT(username), 0, 0, 0, 0, NULL},
    {"password", OPTION_VALUE, AT(password), 0, 0, 0, LUA_TUSERDATA, NULL},
    {"token", OPTION_STRING, AT(token), 0, 0, 0, 0, NULL},
    {"expires", OPTION_VALUE, AT(expires), 0, 0, 0, LUA_TTABLE, NULL},
    {"headers", OPTION_VALUE, AT(headers), 0, 0, 0, LUA_TTABLE, NULL},
    {0},
};
#undef AT

struct account_options {
    struct option_text service, url, proxy, ca_file, state;
    int auth, limit;
    bool refuses_by_503;
    double retry_after_max;
};

#define AT(member) offsetof(struct account_options, member)
static const struct option account_options[] = {
    {"service", OPTION_STRING, AT(service), 1, 0, 0, 0, NULL},
    {"url", OPTION_STRING, AT(url), 1, 0, 0, 0, NULL},
    {"proxy", OPTION_STRING, AT(proxy), 0, 0, 0, 0, NULL},
    {"ca_file", OPTION_STRING, AT(ca_file), 0, 0, 0, 0, NULL},
    {"state", OPTION_STRING, AT(state), 0, 0, 0, 0, NULL},
    {"auth", OPTION_VALUE, AT(auth), 1, 0, 0, LUA_TTABLE, NULL},
    {"refuses_by_503", OPTION_BOOLEAN, AT(refuses_by_503), 0, 0, 0, 0, NULL},
    {"retry_after_max", OPTION_NUMBER, AT(retry_after_max), 0, 0.001, 1e9, 0, NULL},
    {"limit", OPTION_VALUE, AT(limit), 0, 0, 0, LUA_TTABLE, NULL},
    {0},
};
#undef AT

int luaopen_c_account(lua_State *L);

struct account *account_check(lua_State *L, int index)
{
    struct account **handle = class_check(L, index, class);

    luaL_argcheck(L, *handle != NULL, index, "the account is closed");
    return *handle;
}

static struct secret *secret_at(lua_State *L, int index)
{
    return index ? secret_check(L, index) : NULL;
}

static const char *needed(lua_State *L, const struct option_text *text, const char *name)
{
    if (!text->data)
        luaL_error(L, "option '%s' is missing", name);
    return text->data;
}

static void read_limit(lua_State *L, int index, struct account_spec *spec)
{
    struct limit_options limit = {0};

    if (!index)
        return;
    option_read(L, index, limit_options, &limit);
    spec->limit = (int)limit.count;
    spec->window_ms = (int64_t)ceil(limit.window * 1000);
}

static void read_expires(lua_State *L, int index, struct session_spec *session)
{
    for (int i = 0; index && i < GRANT_EXPIRES_MAX; i++) {
        lua_geti(L, index, i + 1); /* stays on the stack, and so alive */
        session->expires[i] = lua_tostring(L, -1);
    }
}

/* One of {name, secret}, {name, "text"} and {name, from="path"}. */
static void read_header(lua_State *L, int index, struct session_header *header)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_geti(L, index, 1);
    header->name = luaL_checkstring(L, -1);
    lua_getfield(L, index, "from");
    header->from = lua_tostring(L, -1);
    if (header->from)
        return;
    if (lua_geti(L, index, 2) == LUA_TSTRING)
        header->text = lua_tostring(L, -1);
    else
        header->secret = secret_check(L, -1);
}

static void read_session(
    lua_State *L, const struct auth_options *auth, struct account_spec *spec)
{
    struct session_spec *session = &spec->session;
    lua_Integer count = auth->headers ? (lua_Integer)lua_rawlen(L, auth->headers) : 0;

    if (count > GRANT_VALUES_MAX)
        luaL_error(L, "option 'headers': at most %d", GRANT_VALUES_MAX);
    if (!auth->password)
        luaL_error(L, "option 'password' is missing");
    spec->login_path = needed(L, &auth->path, "path");
    session->username = needed(L, &auth->username, "username");
    session->token_path = needed(L, &auth->token, "token");
    session->password = secret_check(L, auth->password);
    session->header_count = (size_t)count;
    luaL_checkstack(L, GRANT_EXPIRES_MAX + 4 * GRANT_VALUES_MAX, "headers");
    read_expires(L, auth->expires, session);
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(L, auth->headers, i + 1);
        read_header(L, lua_gettop(L), &session->headers[i]);
    }
}

static void read_auth(lua_State *L, int index, struct account_spec *spec)
{
    struct auth_options auth = {0};
    int kind = 0;

    option_read(L, index, auth_options, &auth);
    while (strcmp(auth.kind.data, auth_kinds[kind]) != 0)
        kind++;
    spec->auth = (struct auth_spec){
        .kind = (enum auth_kind)kind,
        .name = auth.name.data,
        .prefix = auth.prefix.data,
        .user = auth.user.data,
        .secret = secret_at(L, auth.secret),
        .read_secret = secret_at(L, auth.read_secret),
    };
    if (kind == AUTH_SESSION)
        read_session(L, &auth, spec);
    else if (kind != AUTH_NONE && !auth.secret)
        luaL_error(L, "option 'secret' is missing");
    if (kind == AUTH_QUERY || kind == AUTH_HEADER)
        needed(L, &auth.name, "name");
    if (kind == AUTH_BASIC)
        needed(L, &auth.user, "user");
}

/* new{service=, url=, auth=, limit=, proxy=, ca_file=, state=, refuses_by_503=,
   retry_after_max= (s)} -> account | nil, err */
static int new_account(lua_State *L)
{
    struct account_options options = {.retry_after_max = RETRY_AFTER_MAX_MS / 1000.0};
    struct account_spec spec = {0};
    struct loop *loop = runtime_loop(L);
    struct account **handle;
    struct err err;

    option_read(L, 1, account_options, &options);
    spec.service = options.service.data;
    spec.url = options.url.data;
    spec.proxy = options.proxy.data;
    spec.ca_file = options.ca_file.data;
    spec.state_folder = options.state.data;
    spec.refuses_by_503 = options.refuses_by_503;
    spec.retry_after_max_ms = (int64_t)(options.retry_after_max * 1000);
    read_limit(L, options.limit, &spec);
    read_auth(L, options.auth, &spec);
    handle = lua_newuserdatauv(L, sizeof(struct account *), 0);
    *handle = NULL;
    class_set(L, class);
    return account_new(handle, loop, runtime_http(L), &spec, &err) ? fail_push(L, &err) : 1;
}

/* account:limits() -> {limit=, window= (s), used=, free=, wait= (s), waiting=, paused= (s)},
   over all processes; without `limit`, `window` and `free` when the account has no limit */
static int limits(lua_State *L)
{
    struct throttle *throttle = account_throttle(account_check(L, 1));
    struct throttle_stats stats;

    throttle_stats(throttle, &stats);
    lua_createtable(L, 0, 7);
    if (stats.limit) {
        field_set_integer(L, "limit", stats.limit);
        field_set_number(L, "window", (double)stats.window_ms / 1000);
        field_set_integer(L, "free", stats.used < stats.limit ? stats.limit - stats.used : 0);
    }
    field_set_integer(L, "used", stats.used);
    field_set_integer(L, "waiting", stats.waiting);
    field_set_number(L, "wait", (double)stats.wait_ms / 1000);
    field_set_number(L, "paused", (double)stats.paused_ms / 1000);
    return 1;
}

static int collect(lua_State *L)
{
    struct account **handle = class_self(L, class);

    account_free(*handle);
    *handle = NULL;
    return 0;
}

int luaopen_c_account(lua_State *L)
{
    static const luaL_Reg functions[] = {{"new", new_account}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"limits", limits}, {"__gc", collect}, {NULL, NULL}};

    class_new(L, class, methods);
    luaL_newlib(L, functions);
    return 1;
}
