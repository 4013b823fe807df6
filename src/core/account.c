#include "core/account.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/seal.h"
#include "core/secret.h"
#include "core/throttle.h"
#include "core/url.h"

struct account {
    char *url, *ca_file, *proxy;
    struct throttle *throttle;
    struct auth *auth;
    bool refuses_by_503;
    int64_t retry_after_max_ms;
};

static int copy_texts(struct account *account, const struct account_spec *spec, struct err *err)
{
    account->url = strdup(spec->url);
    account->ca_file = spec->ca_file ? strdup(spec->ca_file) : NULL;
    account->proxy = spec->proxy ? strdup(spec->proxy) : NULL;
    if (!account->url || (spec->ca_file && !account->ca_file) ||
        (spec->proxy && !account->proxy))
        return err_no_memory(err);
    return 0;
}

static int check_url(const char *url, struct err *err)
{
    if (strchr(url, '?'))
        return err_set(err, ERR_CONFIG, "a base address with a query (?...)");
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
    session.state_folder = spec->state_folder;
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

/* What the service counts by: the key, or else the user; a password may change meanwhile. */
static int add_identity(struct buf *out, const struct account_spec *spec, struct err *err)
{
    const struct auth_spec *auth = &spec->auth;
    const char *who = auth->kind == AUTH_SESSION ? spec->session.username
                      : auth->kind == AUTH_BASIC ? auth->user
                      : auth->secret             ? secret_value(auth->secret)
                                                 : "";

    size_t len = strlen(spec->url);

    while (len && spec->url[len - 1] == '/')
        len--;
    return buf_addf(out, err, "%s\n", spec->service) || buf_add(out, spec->url, len, err) ||
                   buf_addf(out, err, "\n%s", who)
               ? -1
               : 0;
}

static int make_throttle(struct account *account, struct loop *loop,
    const struct account_spec *spec, struct err *err)
{
    char name[SEAL_HEX_BYTES + 1];
    struct throttle_spec throttle = {
        .service = spec->service,
        .folder = spec->state_folder,
        .name = name,
        .limit = spec->limit,
        .window_ms = spec->window_ms,
    };
    struct buf identity;
    int bad;

    buf_init(&identity, URL_MAX + 2 * SECRET_MAX);
    bad = add_identity(&identity, spec, err) ||
          seal_fingerprint(name, identity.data, identity.len, err) ||
          throttle_new(&account->throttle, loop, &throttle, err);
    buf_wipe(&identity);
    return bad ? -1 : 0;
}

int account_new(struct account **out, struct loop *loop, struct http *http,
    const struct account_spec *spec, struct err *err)
{
    struct account *account = calloc(1, sizeof *account);

    if (!account)
        return err_no_memory(err);
    if (check_url(spec->url, err) || copy_texts(account, spec, err) ||
        make_throttle(account, loop, spec, err) || make_auth(account, loop, http, spec, err)) {
        account_free(account);
        return -1;
    }
    account->refuses_by_503 = spec->refuses_by_503;
    account->retry_after_max_ms = spec->retry_after_max_ms;
    *out = account;
    return 0;
}

void account_free(struct account *account)
{
    if (!account)
        return;
    auth_free(account->auth);
    throttle_free(account->throttle);
    free(account->url);
    free(account->ca_file);
    free(account->proxy);
    free(account);
}

bool account_refuses_by_503(const struct account *account)
{
    return account->refuses_by_503;
}

int64_t account_retry_after_max_ms(const struct account *account)
{
    return account->retry_after_max_ms;
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
