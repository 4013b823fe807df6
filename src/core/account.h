/* account: one service as one user sees it: base address, authentication, limit. Calls of all
   tasks that use the same account share its session. Accounts with the same address and
   credentials share their throttle, as the service counts them as one, and all of their limits
   hold. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/auth.h"
#include "core/err.h"
#include "core/throttle.h"

struct account;
struct http;
struct loop;

/* All is copied; `auth` without its session, which `session` describes when the kind asks for
   it. */
struct account_spec {
    const char *service; /* as errors and traces name it */
    const char *url;     /* base address, with or without a trailing slash */
    const char *ca_file, *proxy;
    int limit; /* requests in a window; 0: none */
    int64_t window_ms;
    bool refuses_by_503;        /* a 503 with Retry-After means: over the limit, nothing done */
    int64_t retry_after_max_ms; /* a service that asks for a longer pause is not waited for */
    const char *state_folder;   /* where processes share the limit and the session; or NULL */
    struct auth_spec auth;
    const char *login_path; /* for AUTH_SESSION: added to the base address */
    struct session_spec session;
};

/* `loop` and `http` must outlive it. ERR_CONFIG when an address is refused; a base address has
   no query. */
MUST_USE int account_new(struct account **out, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct err *err);

/* No call may be under way. NULL is fine. */
void account_free(struct account *account);

/* Whether a 503 with Retry-After is a refusal that leaves everything as it was. */
bool account_refuses_by_503(const struct account *account);

int64_t account_retry_after_max_ms(const struct account *account);

const char *account_url(const struct account *account);
const char *account_ca_file(const struct account *account);
const char *account_proxy(const struct account *account);
struct throttle *account_throttle(const struct account *account);
struct auth *account_auth(const struct account *account);
