/* grant: what a login gave: the access token, values to send beside it, and until when. Its
   texts hold secrets: in memory they live in wiped buffers, on disk only sealed
   (session_file). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct buf;
struct secret;

enum { GRANT_VALUES_MAX = 8, GRANT_EXPIRES_MAX = 4 };

/* Where the login's answer holds what. A path is field names joined by dots; a number is a
   place in a list, from 1: "tws_memberships.1.id". */
struct grant_paths {
    const char *token;
    const char *expires[GRANT_EXPIRES_MAX]; /* tried in order; NULL ends them */
    const char *values[GRANT_VALUES_MAX];   /* NULL: no value at this place */
};

struct grant {
    struct secret *token;           /* NULL: no grant */
    char *values[GRANT_VALUES_MAX]; /* ids, not secrets */
    int64_t renew_at_ms;            /* clock_wall_ms; INT64_MAX when the service did not say */
};

void grant_init(struct grant *grant);
void grant_fini(struct grant *grant);

/* Reads the answer to a login, with a NUL at `len`. `date` is the answer's Date header or NULL:
   the lifetime is measured by the server's own clock. An expiry that is absent, unreadable or
   past means "until a 401". ERR_DECODE, naming the path, when the answer is no JSON or the
   token or a value is missing. */
MUST_USE int grant_from_answer(struct grant *grant, const struct grant_paths *paths,
    const char *text, size_t len, const char *date, struct err *err);

/* The grant as text and back, for a sealed file. ERR_DECODE when it is not such a text, which
   has a NUL at `len`. */
MUST_USE int grant_to_text(const struct grant *grant, struct buf *out, struct err *err);
MUST_USE int grant_from_text(
    struct grant *grant, const char *text, size_t len, struct err *err);

/* Whether the grant can be used now, ahead of its renewal. */
bool grant_is_fresh(const struct grant *grant);
