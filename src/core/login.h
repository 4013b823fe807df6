/* login: one request with a user name and a password, and the grant that its answer holds. */
#pragma once
#include <stdbool.h>

#include "core/err.h"

struct grant;
struct grant_paths;
struct http;
struct login;
struct secret;

/* All outlives the login. */
struct login_request {
    const char *url; /* POST {"username": ..., "password": ...} */
    const char *username;
    const struct secret *password;
    const struct grant_paths *paths;
    const char *ca_file, *proxy; /* or NULL */
};

/* `done` is called once from the loop, unless the login was freed before. */
MUST_USE int login_start(struct login **out, struct http *http,
    const struct login_request *request, void (*done)(void *context), void *context,
    struct err *err);

/* After `done`: 0 and the grant, or -1 and an error that says in `sent` whether the request may
   have reached the service, and in `retry_after` when it may come again: ERR_AUTH when the
   service refused it, ERR_DECODE for an answer that holds no grant, ERR_RATE_LIMITED,
   ERR_SERVER, or a transport failure. To be asked once. */
MUST_USE int login_outcome(struct login *login, struct grant *grant, struct err *err);

/* Whether a login that failed would fail again, as for a refused certificate. */
bool login_is_hopeless(const struct login *login);

/* Abandons it if it is under way. NULL is fine. */
void login_free(struct login *login);
