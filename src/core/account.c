#include "core/account.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/throttle.h"
#include "core/url.h"

struct account {
    char *service, *url, *ca_file, *proxy;
    struct throttle *throttle;
    struct auth *auth;
};

static int copy_texts(struct account *account, const struct account_spec *spec, struct err *err)
{
    account->service = strdup(spec->service);
    account->url = strdup(spec->url);
    account->ca_file = spec->ca_file ? strdup(spec->ca_file) : NULL;
    account->proxy = spec->proxy ? strdup(spec->proxy) : NULL;
    if (!account->service || !account->url || (spec->ca_file && !account->ca_file) ||
        (spec->proxy && !account->proxy))
        return err_no_memory(err);
    return 0;
}

static int check_url(const char *url, struct err *err)
{
    if (!url_check(url, strlen(url), err))
        return 0;
    err->kind = ERR_CONFIG;
    return -1;
}

static int make_session(struct account *account, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct auth_spec *auth, struct err *err)
{
    struct session_spec session = spec->session;
    struct buf url;
    int bad;

    buf_init(&url, URL_MAX);
    bad = url_join(&url, spec->url, spec->login_path, err);
    session.url = url.data;
    session.ca_file = spec->ca_file;
    session.proxy = spec->proxy;
    bad = bad || session_new(&auth->session, loop, http, account->throttle, &session, err);
    buf_fini(&url);
    return bad ? -1 : 0;
}

static int make_auth(struct account *account, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct err *err)
{
    struct auth_spec auth = spec->auth;

    if (auth.kind == AUTH_SESSION && make_session(account, loop, http, spec, &auth, err))
        return -1;
    if (!auth_new(&account->auth, &auth, err))
        return 0;
    session_free(auth.session);
    return -1;
}

int account_new(struct account **out, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct err *err)
{
    struct account *account = calloc(1, sizeof *account);

    if (!account)
        return err_no_memory(err);
    if (check_url(spec->url, err) || copy_texts(account, spec, err) ||
        throttle_new(&account->throttle, loop, spec->limit, spec->window_ms, err) ||
        make_auth(account, loop, http, spec, err)) {
        account_free(account);
        return -1;
    }
    *out = account;
    return 0;
}

void account_free(struct account *account)
{
    if (!account)
        return;
    auth_free(account->auth);
    throttle_free(account->throttle);
    free(account->service);
    free(account->url);
    free(account->ca_file);
    free(account->proxy);
    free(account);
}

const char *account_service(const struct account *account)
{
    return account->service;
}

const char *account_url(const struct account *account)
{
    return account->url;
}

const char *account_ca_file(const struct account *account)
{
    return account->ca_file;
}

const char *account_proxy(const struct account *account)
{
    return account->proxy;
}

struct throttle *account_throttle(const struct account *account)
{
    return account->throttle;
}

struct auth *account_auth(const struct account *account)
{
    return account->auth;
}
