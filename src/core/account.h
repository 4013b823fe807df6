/* account: one service as one user sees it: base address, authentication, limit. Calls of all tasks
   that use the same account share its session. Accounts with the same address and credentials
   share their throttle, as the service counts them as one, and all of their limits hold. */
#pragma once
#include <stdint.h>

#include "core/auth.h"
#include "core/err.h"
#include "core/throttle.h"

struct account;
struct http;
struct loop;

/* All is copied; `auth` without its session, which `session` describes when the kind asks for it. */
struct account_spec {
    const char *service; /* as errors and traces name it */
    const char *url;     /* base address, with or without a trailing slash */
    const char *ca_file, *proxy;
    struct throttle_limit limit;
    struct auth_spec auth;
    const char *login_path; /* for AUTH_SESSION: added to the base address */
    struct session_spec session;
};

/* `loop` and `http` must outlive it. ERR_CONFIG when an address is refused; a base address has no
   query. */
MUST_USE int account_new(struct account **out, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct err *err);

/* No call may be under way. NULL is fine. */
void account_free(struct account *account);

const char *account_service(const struct account *account);
const char *account_url(const struct account *account);
const char *account_ca_file(const struct account *account);
const char *account_proxy(const struct account *account);
struct throttle *account_throttle(const struct account *account);
struct auth *account_auth(const struct account *account);
