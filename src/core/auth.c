#include "core/auth.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/http.h"
#include "core/seal.h"
#include "core/secret.h"
#include "core/url.h"

struct auth {
    enum auth_kind kind;
    char *name;
    char *line;                 /* the whole value of the header; wiped */
    struct http_headers header; /* the same with its name, from the first request on; wiped */
    struct secret *secret, *read_secret;
    struct session *session;
};

static int make_basic(struct buf *line, const struct auth_spec *spec, struct err *err)
{
    struct buf pair;
    size_t start;
    int bad;

    if (strchr(spec->user, ':')) /* RFC 7617 2: it would end the user name */
        return err_set(err, ERR_CONFIG, "a user name for Basic authentication holds \":\"");
    buf_init(&pair, SECRET_MAX * 2);
    bad = buf_addf(&pair, err, "%s:%s", spec->user, secret_value(spec->secret)) ||
          buf_add_string(line, "Basic ", err);
    start = line->len;
    bad = bad || seal_add_base64(line, pair.data, pair.len, err) ||
          secret_also(spec->secret, line->data + start, line->len - start, err);
    buf_wipe(&pair);
    return bad ? -1 : 0;
}

static int make_line(struct auth *auth, const struct auth_spec *spec, struct err *err)
{
    struct buf line;
    int bad = 0;

    buf_init(&line, SECRET_MAX * 4);
    if (spec->kind == AUTH_BASIC)
        bad = make_basic(&line, spec, err);
    else if (spec->kind == AUTH_HEADER)
        bad = buf_addf(
            &line, err, "%s%s", spec->prefix ? spec->prefix : "", secret_value(spec->secret));
    if (bad)
        buf_wipe(&line);
    auth->line = buf_take(&line);
    return bad ? -1 : 0;
}

int auth_new(struct auth **out, const struct auth_spec *spec, struct err *err)
{
    struct auth *auth = calloc(1, sizeof *auth);
    const char *name = spec->kind == AUTH_BASIC ? "Authorization" : spec->name;

    if (!auth)
        return err_no_memory(err);
    auth->kind = spec->kind;
    auth->secret = spec->secret ? secret_ref(spec->secret) : NULL;
    auth->read_secret = spec->read_secret ? secret_ref(spec->read_secret) : NULL;
    auth->name = name ? strdup(name) : NULL;
    if (name && !auth->name ? err_no_memory(err) : make_line(auth, spec, err)) {
        auth_free(auth);
        return -1;
    }
    auth->session = spec->session;
    *out = auth;
    return 0;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    if (auth->line)
        explicit_bzero(auth->line, strlen(auth->line));
    free(auth->line);
    http_headers_fini(&auth->header);
    free(auth->name);
    secret_unref(auth->secret);
    secret_unref(auth->read_secret);
    session_free(auth->session);
    free(auth);
}

struct session *auth_session(const struct auth *auth)
{
    return auth->session;
}

bool auth_has_query(const struct auth *auth)
{
    return auth->kind == AUTH_QUERY;
}

int auth_add_query(const struct auth *auth, bool write, struct buf *url, struct err *err)
{
    const struct secret *secret =
        auth->read_secret && !write ? auth->read_secret : auth->secret;

    if (!auth_has_query(auth))
        return 0;
    return url_add_query(
        url, auth->name, strlen(auth->name), secret_value(secret), secret_len(secret), err);
}

int auth_add_headers(struct auth *auth, struct http_headers *headers, struct err *err)
{
    if (auth->session)
        return session_add_headers(auth->session, headers, err);
    if (!auth->line)
        return 0;
    if (!auth->header.lines &&
        http_headers_add(&auth->header, auth->name, auth->line, strlen(auth->line), err))
        return -1;
    return http_headers_refer(headers, &auth->header, err);
}
