/* server: HTTP/1.1 on 127.0.0.1 for the sandbox and for tests, driven by the program's loop.
   Complete requests are queued; each is taken with server_next and answered later, in any
   order. Nothing here calls Lua. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct loop;
struct server;

struct server_options {
    uint16_t port;                  /* 0: any free one */
    size_t body_max;                /* bytes of a request's body; more is answered 413 */
    void (*arrived)(void *context); /* a request was queued; may only set flags */
    void *context;
};

struct server_header {
    const char *name;
    const char *value;
};

/* A complete request as it came: nothing is decoded. Valid until it is answered. */
struct server_request {
    const char *method;
    const char *path;  /* without the query */
    const char *query; /* after the '?', "" when there is none */
    const struct server_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    int64_t arrived_ms; /* clock_ms when its headers were complete */
};

struct server_reply {
    unsigned status;
    const struct server_header *headers; /* Content-Length and Date are added */
    size_t header_count;
    const void *body; /* copied */
    size_t body_len;
    size_t
        sent_max; /* bytes of the body after which the connection is closed; SIZE_MAX: never */
};

/* Listens. `loop` must outlive the server. Raises the process's soft limit on descriptors to
   what its hard limit allows, for many clients. Free with server_free. */
MUST_USE int server_new(
    struct server **out, struct loop *loop, const struct server_options *opt, struct err *err);

/* Closes every connection; requests that were taken and not answered are gone too. NULL is
   fine. */
void server_free(struct server *server);

uint16_t server_port(const struct server *server);

/* The request that waits longest, NULL when none does. The caller must answer it with exactly
   one of server_respond, server_drop and server_stall, or free the server. */
const struct server_request *server_next(struct server *server);

/* Whether server_next has something. */
bool server_waiting(const struct server *server);

/* Fails on a header that HTTP does not allow, and then the request is still unanswered. */
MUST_USE int server_respond(
    const struct server_request *request, const struct server_reply *reply, struct err *err);

/* Closes the connection without an answer. */
void server_drop(const struct server_request *request);

/* Never answers: the connection stays until the client leaves or the server is freed. */
void server_stall(const struct server_request *request);
