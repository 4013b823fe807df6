/* session: the access token of an account that logs in. One login serves all tasks that wait
   for it and, through a sealed file in the state folder, all processes of the user. It is
   renewed ahead of its expiry; after SESSION_LOGINS_FAILED_MAX refusals none is tried any more,
   since services lock accounts that guess. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/grant.h"

struct http;
struct http_headers;
struct loop;
struct secret;
struct session;
struct throttle;

enum { SESSION_LOGINS_FAILED_MAX = 3 };

/* A header sent with each call: a secret, a text, or what the login's answer holds at a path
   (grant.h). One of the three is set. */
struct session_header {
    const char *name;
    struct secret *secret;
    const char *text;
    const char *from;
};

/* All is copied or referenced; texts live as long as the call. */
struct session_spec {
    const char *url; /* of the login: POST {"username": ..., "password": ...} */
    const char *username;
    struct secret *password;
    const char *token_path;                 /* sent as "Authorization: Bearer" */
    const char *expires[GRANT_EXPIRES_MAX]; /* paths */
    struct session_header headers[GRANT_VALUES_MAX];
    size_t header_count;
    /* NULL: the session is not shared with other processes. Nor is it when the folder is of no
       use. */
    const char *state_folder;
    int64_t lock_patience_ms; /* how long to wait for another process's login; 0: 90 s */
    const char *ca_file, *proxy;
};

/* One call that waits for a session. Kept in place by its user. */
struct session_waiter {
    struct session_waiter *next;
    void (*done)(void *context, const struct err *err); /* NULL: the session is ready */
    void *context;
    bool waiting;
};

/* `loop`, `http` and `throttle` must outlive it; logins take slots of `throttle`. */
MUST_USE int session_new(struct session **out, struct loop *loop, struct http *http,
    struct throttle *throttle, const struct session_spec *spec, struct err *err);
/* Nobody may wait. NULL is fine. */
void session_free(struct session *session);

/* Whether a call can be sent now, ahead of the session's renewal. */
bool session_is_ready(const struct session *session);

/* Whether there is a session, be its life spent. Who has waited for a login takes it as it is:
   waiting for another one each time would never end where lives are shorter than waits. */
bool session_is_open(const struct session *session);

/* Waits until the session is ready; `done` is called from the loop. ERR_AUTH when the service
   refuses the login, or a transport failure. */
void session_wait(struct session *session, struct session_waiter *waiter);
void session_leave(struct session *session, struct session_waiter *waiter);

/* Adds the headers that authenticate a call; the session must be ready. */
MUST_USE int session_add_headers(
    const struct session *session, struct http_headers *headers, struct err *err);

/* Whether the last login failed as it would again. */
bool session_is_hopeless(const struct session *session);

/* Which grant is used now; session_reject says that the service refused this one (401), so that
   of many refused calls only the first leads to a login. */
unsigned session_grant_number(const struct session *session);
void session_reject(struct session *session, unsigned grant_number);
