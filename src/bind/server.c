/* c.server: a loopback server and its requests; see core/server.h. A server is an op: ready()
   says whether next() has a request. */
#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <string.h>

#include "core/loop.h"
#include "core/server.h"
#include "host/class.h"
#include "host/fail.h"
#include "host/option.h"
#include "host/runtime.h"

enum { BODY_MAX = 8 << 20, REPLY_HEADERS_MAX = 32 };

static const char class[] = "c.server";
static const char request_class[] = "c.server.request";

struct handle {
    struct loop_op op;
    struct loop *loop;
    struct server *server; /* NULL once closed */
};

/* Its user values: the server's handle, which must outlive it, and the table of its fields. */
struct request_handle {
    const struct server_request *request; /* NULL once answered */
    struct handle *owner;
};

enum { OWNER = 1, FIELDS = 2 };

int luaopen_c_server(lua_State *L);

static void arrived(void *context)
{
    struct handle *handle = context;

    loop_end(handle->loop, &handle->op);
}

struct listen_options {
    lua_Integer port;
    lua_Integer body_max;
};

static const struct option listen_options[] = {
    {"port", OPTION_INTEGER, offsetof(struct listen_options, port), 0, 0, 65535, 0, NULL},
    {"body_max", OPTION_INTEGER, offsetof(struct listen_options, body_max), 0, 1, 1 << 30, 0,
        NULL},
    {0},
};

/* listen{port=, body_max=} -> server | nil, err */
static int listen_on(lua_State *L)
{
    struct listen_options o = {0, BODY_MAX};
    struct server_options options = {.arrived = arrived};
    struct handle *handle;
    struct err err;

    option_read(L, 1, listen_options, &o);
    handle = lua_newuserdatauv(L, sizeof *handle, 0);
    *handle = (struct handle){.loop = runtime_loop(L)};
    loop_op_init(&handle->op);
    luaL_setmetatable(L, class);
    options.port = (uint16_t)o.port;
    options.body_max = (size_t)o.body_max;
    options.context = handle;
    if (server_new(&handle->server, handle->loop, &options, &err))
        return fail_push(L, &err);
    return 1;
}

static struct handle *check_server(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, class);

    luaL_argcheck(L, handle->server != NULL, 1, "the server is closed");
    return handle;
}

static int port(lua_State *L)
{
    lua_pushinteger(L, server_port(check_server(L)->server));
    return 1;
}

static int ready(lua_State *L)
{
    lua_pushboolean(L, server_waiting(check_server(L)->server));
    return 1;
}

static int close_server(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, class);

    server_free(handle->server);
    handle->server = NULL;
    if (handle->loop)
        loop_forget(handle->loop, &handle->op);
    return 0;
}

/* Names in lower case; of several with one name the last. */
static void push_headers(lua_State *L, const struct server_request *request)
{
    lua_createtable(L, 0, (int)request->header_count);
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        luaL_Buffer lower;

        luaL_buffinit(L, &lower);
        for (; *name; name++)
            luaL_addchar(&lower, *name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
        luaL_pushresult(&lower);
        lua_pushstring(L, request->headers[i].value);
        lua_rawset(L, -3);
    }
}

static void push_fields(lua_State *L, const struct server_request *request)
{
    lua_createtable(L, 0, 6);
    lua_pushstring(L, request->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, request->path);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, request->query);
    lua_setfield(L, -2, "query");
    push_headers(L, request);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, request->body, request->body_len);
    lua_setfield(L, -2, "body");
    lua_pushinteger(L, request->arrived_ms);
    lua_setfield(L, -2, "arrived");
}

/* server:next() -> the request that waits longest, or nil */
static int next(lua_State *L)
{
    struct handle *handle = check_server(L);
    struct request_handle *request;

    if (!server_waiting(handle->server)) {
        lua_pushnil(L);
        return 1;
    }
    request = lua_newuserdatauv(L, sizeof *request, 2);
    *request = (struct request_handle){.owner = handle};
    luaL_setmetatable(L, request_class);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, OWNER);
    request->request = server_next(handle->server);
    push_fields(L, request->request);
    lua_setiuservalue(L, -2, FIELDS);
    handle->op.ended = server_waiting(handle->server);
    return 1;
}

static struct request_handle *check_request(lua_State *L)
{
    struct request_handle *handle = luaL_checkudata(L, 1, request_class);

    luaL_argcheck(L, handle->owner->server != NULL, 1, "the server is closed");
    luaL_argcheck(L, handle->request != NULL, 1, "the request is answered: closed");
    return handle;
}

static int drop(lua_State *L)
{
    struct request_handle *handle = check_request(L);

    server_drop(handle->request);
    handle->request = NULL;
    return 0;
}

static int stall(lua_State *L)
{
    struct request_handle *handle = check_request(L);

    server_stall(handle->request);
    handle->request = NULL;
    return 0;
}

/* A request that nobody holds any more, or that an error left behind. */
static int forget(lua_State *L)
{
    struct request_handle *handle = luaL_checkudata(L, 1, request_class);

    if (handle->request && handle->owner->server)
        server_drop(handle->request);
    handle->request = NULL;
    return 0;
}

static const char *header_part(lua_State *L, int pair, int index)
{
    const char *text = NULL;
    size_t len = 0;

    if (lua_geti(L, pair, index) == LUA_TSTRING)
        text = lua_tolstring(L, -1, &len);
    if (!text || strlen(text) != len)
        luaL_error(L, "a header is {name, value}, both strings without NUL");
    return text;
}

/* Leaves the strings on the stack, so that they live until the reply is sent. */
static size_t read_headers(lua_State *L, int list, struct server_header *headers)
{
    size_t count = list ? lua_rawlen(L, list) : 0;

    luaL_argcheck(L, count <= REPLY_HEADERS_MAX, 2, "too many headers");
    luaL_checkstack(L, (int)count * 3 + 4, "headers");
    for (size_t i = 0; i < count; i++) {
        int pair = lua_gettop(L) + 1;

        luaL_argcheck(L, lua_geti(L, list, (lua_Integer)i + 1) == LUA_TTABLE, 2,
            "a header is {name, value}");
        headers[i].name = header_part(L, pair, 1);
        headers[i].value = header_part(L, pair, 2);
    }
    return count;
}

struct reply_options {
    lua_Integer status;
    int headers;
    struct option_text body;
    lua_Integer sent;
};

static const struct option reply_options[] = {
    {"status", OPTION_INTEGER, offsetof(struct reply_options, status), 1, 200, 599, 0, NULL},
    {"headers", OPTION_VALUE, offsetof(struct reply_options, headers), 0, 0, 0, LUA_TTABLE,
        NULL},
    {"body", OPTION_STRING, offsetof(struct reply_options, body), 0, 0, 0, 0, NULL},
    {"sent", OPTION_INTEGER, offsetof(struct reply_options, sent), 0, 0, 1 << 30, 0, NULL},
    {0},
};

/* `sent_max` < 0: the whole body. */
static int answer(lua_State *L, const struct reply_options *o, lua_Integer sent)
{
    struct request_handle *handle = check_request(L);
    struct server_header headers[REPLY_HEADERS_MAX];
    struct server_reply reply = {
        .status = (unsigned)o->status,
        .headers = headers,
        .body = o->body.data,
        .body_len = o->body.len,
        .sent_max = sent < 0 ? SIZE_MAX : (size_t)sent,
    };
    struct err err;

    reply.header_count = read_headers(L, o->headers, headers);
    if (server_respond(handle->request, &reply, &err))
        return fail_push(L, &err);
    handle->request = NULL;
    lua_pushboolean(L, 1);
    return 1;
}

/* request:respond{status=, headers={{name, value}, ...}, body=} -> true | nil, err */
static int respond(lua_State *L)
{
    struct reply_options o = {.body = {"", 0}, .sent = -1};

    check_request(L);
    option_read(L, 2, reply_options, &o);
    return answer(L, &o, -1);
}

/* request:truncate{..., sent=}: as respond, but the connection is closed after `sent` bytes of
   the body (half of it unless told) -> true | nil, err */
static int truncate_body(lua_State *L)
{
    struct reply_options o = {.body = {"", 0}, .sent = -1};

    check_request(L);
    option_read(L, 2, reply_options, &o);
    return answer(L, &o, o.sent < 0 ? (lua_Integer)(o.body.len / 2) : o.sent);
}

/* Methods first, then the request's fields. */
static int request_index(lua_State *L)
{
    luaL_checkudata(L, 1, request_class);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    if (lua_getiuservalue(L, 1, FIELDS) != LUA_TTABLE)
        return 0;
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static void make_request_class(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"respond", respond},
        {"truncate", truncate_body},
        {"drop", drop},
        {"stall", stall},
        {NULL, NULL},
    };

    luaL_newmetatable(L, request_class);
    luaL_newlib(L, methods);
    lua_pushcclosure(L, request_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, forget);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, forget);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
}

int luaopen_c_server(lua_State *L)
{
    static const luaL_Reg functions[] = {{"listen", listen_on}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"port", port},
        {"ready", ready},
        {"next", next},
        {"close", close_server},
        {"__close", close_server},
        {"__gc", close_server},
        {NULL, NULL},
    };

    runtime_loop(L);
    make_request_class(L);
    class_new(L, class, methods);
    luaL_newlib(L, functions);
    return 1;
}
