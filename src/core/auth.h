/* auth: how calls of an account show who sends them. */
#pragma once
#include <stdbool.h>

#include "core/err.h"
#include "core/session.h"

struct auth;
struct buf;
struct http_headers;

enum auth_kind {
    AUTH_NONE,
    AUTH_QUERY,  /* a key as query parameter, added to the URL at the last moment */
    AUTH_BASIC,  /* user and secret (RFC 7617), sent with the first request */
    AUTH_HEADER, /* a secret in a header */
    AUTH_SESSION /* a login, see session.h */
};

/* All is copied or referenced. */
struct auth_spec {
    enum auth_kind kind;
    const char *name;           /* of the query parameter or header */
    const char *prefix;         /* of the header's value, "Bearer " say; or NULL */
    const char *user;           /* for AUTH_BASIC */
    struct secret *secret;      /* for all but AUTH_NONE and AUTH_SESSION */
    struct secret *read_secret; /* for AUTH_QUERY: used for reads instead; or NULL */
    struct session *session;    /* for AUTH_SESSION: becomes the auth's own */
};

MUST_USE int auth_new(struct auth **out, const struct auth_spec *spec, struct err *err);
void auth_free(struct auth *auth);

/* The session of AUTH_SESSION, NULL for the others. */
struct session *auth_session(const struct auth *auth);

/* Whether auth_add_query adds anything. */
bool auth_has_query(const struct auth *auth);

/* Adds what goes into the URL, and into the headers. A session must be ready. */
MUST_USE int auth_add_query(
    const struct auth *auth, bool write, struct buf *url, struct err *err);
MUST_USE int auth_add_headers(struct auth *auth, struct http_headers *headers, struct err *err);
