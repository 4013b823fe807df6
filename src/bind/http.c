/* c.http: starts calls and reads their outcome; waiting is the scheduler's. See
   core/exchange.h. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "bind/account.h"
#include "bind/secret.h"
#include "core/account.h"
#include "core/buf.h"
#include "core/exchange.h"
#include "core/http.h"
#include "core/loop.h"
#include "core/secret.h"
#include "core/url.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/option.h"
#include "host/runtime.h"
#include "host/scratch.h"

static const char class[] = "c.http";

/* A call as userdata; its user value keeps the account alive. */
struct call {
    struct loop_op op;
    struct loop *loop;
    struct http_headers headers; /* until the exchange takes them over */
    struct buf url;              /* as it is sent, then as it is shown; wiped */
    struct exchange *exchange;
};

struct options {
    struct option_text method, path, url, body, priority, ca_file, proxy;
    int account, query, headers;
    bool write, single;
    double timeout, deadline;
    lua_Integer body_max;
};

#define AT(member) offsetof(struct options, member)
static const char *const priorities[] = {"high", "normal", "low", NULL};
static const struct option options[] = {
    {"account", OPTION_VALUE, AT(account), 0, 0, 0, LUA_TUSERDATA, NULL},
    {"method", OPTION_STRING, AT(method), 1, 1, 20, 0, NULL},
    {"path", OPTION_STRING, AT(path), 0, 0, 0, 0, NULL},
    {"url", OPTION_STRING, AT(url), 0, 0, 0, 0, NULL},
    {"query", OPTION_VALUE, AT(query), 0, 0, 0, LUA_TTABLE, NULL},
    {"headers", OPTION_VALUE, AT(headers), 0, 0, 0, LUA_TTABLE, NULL},
    {"body", OPTION_STRING, AT(body), 0, 0, 0, 0, NULL},
    {"write", OPTION_BOOLEAN, AT(write), 0, 0, 0, 0, NULL},
    {"single", OPTION_BOOLEAN, AT(single), 0, 0, 0, 0, NULL},
    {"timeout", OPTION_NUMBER, AT(timeout), 0, 0.001, 86400, 0, NULL},
    {"deadline", OPTION_NUMBER, AT(deadline), 0, 0.001, 1e9, 0, NULL},
    {"priority", OPTION_STRING, AT(priority), 0, 0, 0, 0, priorities},
    {"body_max", OPTION_INTEGER, AT(body_max), 0, 1, 1 << 30, 0, NULL},
    {"ca_file", OPTION_STRING, AT(ca_file), 0, 0, 0, 0, NULL},
    {"proxy", OPTION_STRING, AT(proxy), 0, 0, 0, 0, NULL},
    {"operation", OPTION_IGNORED, 0, 0, 0, 0, 0, NULL},
    {"once", OPTION_IGNORED, 0, 0, 0, 0, 0, NULL},
    {0},
};
#undef AT

int luaopen_c_http(lua_State *L);

static void call_ended(void *context)
{
    struct call *call = context;

    loop_end(call->loop, &call->op);
}

static struct call *push_call(lua_State *L, int account)
{
    struct call *call = lua_newuserdatauv(L, sizeof *call, account ? 1 : 0);

    *call = (struct call){.loop = runtime_loop(L)};
    loop_op_init(&call->op);
    buf_init(&call->url, URL_MAX);
    class_set(L, class);
    if (account) {
        lua_pushvalue(L, account);
        lua_setiuservalue(L, -2, 1);
    }
    return call;
}

/* [-0, +2, e] The two elements of pair `i` of the list: a name, and a string, number or
   secret. */
static void push_pair(lua_State *L, int list, lua_Integer i)
{
    if (lua_geti(L, list, i) != LUA_TTABLE)
        luaL_error(L, "pair %I: {name, value} expected", (LUAI_UACINT)i);
    lua_geti(L, -1, 1);
    lua_geti(L, -2, 2);
    lua_remove(L, -3);
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "pair %I: the name is a string", (LUAI_UACINT)i);
}

static const char *pair_value(lua_State *L, size_t *len)
{
    struct secret *secret;

    if (lua_isstring(L, -1))
        return lua_tolstring(L, -1, len);
    if (lua_type(L, -1) != LUA_TUSERDATA)
        luaL_error(L, "%s: a string, number or secret expected, got %s", lua_tostring(L, -2),
            luaL_typename(L, -1));
    secret = secret_check(L, -1);
    *len = secret_len(secret);
    return secret_value(secret);
}

static int add_query(lua_State *L, int list, struct buf *url, struct err *err)
{
    lua_Integer count = list ? (lua_Integer)lua_rawlen(L, list) : 0;

    for (lua_Integer i = 1; i <= count; i++) {
        size_t name_len, len;
        const char *name, *value;

        push_pair(L, list, i);
        name = lua_tolstring(L, -2, &name_len);
        value = pair_value(L, &len);
        if (url_add_query(url, name, name_len, value, len, err))
            return -1;
        lua_pop(L, 2);
    }
    return 0;
}

/* What goes on as a C string; a NUL would cut it short. */
static int check_text(const char *text, size_t len, const char *what, struct err *err)
{
    return strlen(text) == len ? 0 : err_set(err, ERR_USAGE, "%s holds a NUL byte", what);
}

static int add_headers(lua_State *L, int list, struct http_headers *headers, struct err *err)
{
    lua_Integer count = list ? (lua_Integer)lua_rawlen(L, list) : 0;

    for (lua_Integer i = 1; i <= count; i++) {
        size_t name_len, len;
        const char *name, *value;

        push_pair(L, list, i);
        name = lua_tolstring(L, -2, &name_len);
        value = pair_value(L, &len);
        if (check_text(name, name_len, "the name of a header", err) ||
            http_headers_add(headers, name, value, len, err))
            return -1;
        lua_pop(L, 2);
    }
    return 0;
}

static int add_address(lua_State *L, const struct options *o, const struct account *account,
    struct buf *url, struct err *err)
{
    const struct option_text *given = account ? &o->path : &o->url;

    if (!given->data)
        luaL_error(L, "option '%s' is missing", account ? "path" : "url");
    if (check_text(given->data, given->len, "an address", err))
        return -1;
    if (account)
        return url_join(url, account_url(account), given->data, err);
    return url_check(given->data, given->len, err) ||
           buf_add(url, given->data, given->len, err);
}

static struct exchange_request describe(lua_State *L, const struct options *o)
{
    int priority = 0;

    while (strcmp(priorities[priority], o->priority.data) != 0)
        priority++;
    return (struct exchange_request){
        .account = o->account ? account_check(L, o->account) : NULL,
        .method = o->method.data,
        .body = o->body.data,
        .body_len = o->body.len,
        .write = o->write,
        .single = o->single,
        .timeout_ms = (int64_t)ceil(o->timeout * 1000),
        .deadline_ms = (int64_t)ceil(o->deadline * 1000),
        .body_max = (size_t)o->body_max,
        .priority = (enum throttle_priority)priority,
        .ca_file = o->ca_file.data,
        .proxy = o->proxy.data,
    };
}

static int begin(lua_State *L, struct call *call, struct exchange_request *request)
{
    struct http *http = runtime_http(L);
    struct err err;
    int bad;

    request->url = buf_text(&call->url);
    bad = exchange_start(&call->exchange, call->loop, http, request, call_ended, call, &err);
    return bad ? fail_push(L, &err) : 1;
}

static int start_with(lua_State *L, const struct options *o, bool is_gated)
{
    struct exchange_request request = describe(L, o);
    struct call *call = push_call(L, o->account);
    struct err err;

    request.gated = is_gated;
    if (check_text(o->method.data, o->method.len, "a method", &err) ||
        add_address(L, o, request.account, &call->url, &err) ||
        add_query(L, o->query, &call->url, &err) ||
        add_headers(L, o->headers, &call->headers, &err))
        return fail_push(L, &err);
    request.headers = call->headers;
    call->headers.lines = NULL;
    return begin(L, call, &request);
}

static const struct options usual = {
    .priority = {"normal", 6},
    .timeout = HTTP_TIMEOUT_MS / 1000.0,
    .body_max = HTTP_BODY_MAX,
};

/* start({account=, method=, path= | url=, query=, headers=, body=, write=, timeout=, deadline=,
   priority=, body_max=, ca_file=, proxy=, operation=, once=}, gated?) -> op | nil, err; query
   and headers are lists of {name, value}. A gated call stops before it is sent: see at_gate. */
static int start(lua_State *L)
{
    struct options o = usual;
    bool is_gated = lua_toboolean(L, 2);

    option_read(L, 1, options, &o);
    return start_with(L, &o, is_gated);
}

/* get(url) -> as start{method="GET", url=} */
static int get(lua_State *L)
{
    struct options o = usual;

    o.method = (struct option_text){"GET", 3};
    o.url.data = luaL_checklstring(L, 1, &o.url.len);
    return start_with(L, &o, false);
}

static struct call *check_call(lua_State *L)
{
    struct call *call = class_self(L, class);

    luaL_argcheck(L, call->exchange != NULL, 1, "the call is closed");
    return call;
}

static int ready(lua_State *L)
{
    lua_pushboolean(L, check_call(L)->op.ended);
    return 1;
}

/* Whatever a service or a library says of a failure is shown without secrets. */
static int push_failure(lua_State *L, const struct err *failure)
{
    struct buf *shown = scratch_push(L, SIZE_MAX / 2);
    struct err err = *failure, ignored;

    if (secret_redact(shown, failure->message, strlen(failure->message), &ignored))
        return luaL_error(L, "%s", ignored.message);
    lua_pop(L, 1);
    strncpy(err.message, buf_text(shown), sizeof err.message - 1);
    err.message[sizeof err.message - 1] = '\0';
    return fail_push(L, &err);
}

/* [-0, +1, m] The address, secrets hidden. */
static void push_url(lua_State *L, struct call *call)
{
    struct err err;

    buf_clear(&call->url);
    call->url.max = SIZE_MAX / 2; /* also one that was refused for its length */
    if (exchange_show_url(call->exchange, &call->url, &err))
        luaL_error(L, "%s", err.message);
    lua_pushlstring(L, buf_text(&call->url), call->url.len);
}

/* op:result() -> status, body, header lines, address, attempts, seconds of Retry-After or nil
   | nil, err */
static int result(lua_State *L)
{
    struct call *call = check_call(L);
    struct http_response *answer;
    double retry_after;

    luaL_argcheck(
        L, call->op.ended && !exchange_is_at_gate(call->exchange), 1, "the call has not ended");
    answer = exchange_answer(call->exchange);
    if (!answer)
        return push_failure(L, exchange_error(call->exchange));
    lua_pushinteger(L, answer->status);
    lua_pushlstring(L, buf_text(&answer->body), answer->body.len);
    lua_pushlstring(L, buf_text(&answer->headers), answer->headers.len);
    push_url(L, call);
    lua_pushinteger(L, exchange_attempts(call->exchange));
    retry_after = exchange_retry_after(call->exchange);
    if (retry_after < 0)
        return 5;
    lua_pushnumber(L, retry_after);
    return 6;
}

/* op:url() -> the address, secrets hidden */
static int show_url(lua_State *L)
{
    push_url(L, check_call(L));
    return 1;
}

/* op:at_gate() -> whether a gated call is about to be sent: op:go() sends it */
static int at_gate(lua_State *L)
{
    lua_pushboolean(L, exchange_is_at_gate(check_call(L)->exchange));
    return 1;
}

static int go(lua_State *L)
{
    struct call *call = check_call(L);

    luaL_argcheck(L, exchange_is_at_gate(call->exchange), 1, "the call is not at the gate");
    loop_forget(call->loop, &call->op);
    call->op.ended = false;
    exchange_go(call->exchange);
    return 0;
}

/* op:is_sent() -> whether it is on its way: closing it then leaves the outcome open */
static int is_sent(lua_State *L)
{
    lua_pushboolean(L, exchange_is_sent(check_call(L)->exchange));
    return 1;
}

static int close_call(lua_State *L)
{
    struct call *call = class_self(L, class);

    exchange_free(call->exchange);
    call->exchange = NULL;
    http_headers_fini(&call->headers);
    buf_wipe(&call->url);
    if (call->loop)
        loop_forget(call->loop, &call->op);
    return 0;
}

/* header(lines, name) -> the first value | nil */
static int header(lua_State *L)
{
    char value[256];
    size_t len;
    const char *lines = luaL_checklstring(L, 1, &len);
    struct http_response answer = {.headers = {.data = (char *)(uintptr_t)lines, .len = len}};

    lua_pushstring(
        L, http_response_header(&answer, luaL_checkstring(L, 2), value, sizeof value));
    return 1;
}

int luaopen_c_http(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", start},
        {"get", get},
        {"header", header},
        {NULL, NULL},
    };
    static const luaL_Reg methods[] = {
        {"ready", ready},
        {"result", result},
        {"url", show_url},
        {"at_gate", at_gate},
        {"go", go},
        {"is_sent", is_sent},
        {"close", close_call},
        {"__close", close_call},
        {"__gc", close_call},
        {NULL, NULL},
    };

    runtime_loop(L);
    class_new(L, class, methods);
    luaL_newlib(L, functions);
    return 1;
}
