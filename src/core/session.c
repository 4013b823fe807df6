#include "core/session.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/http.h"
#include "core/login.h"
#include "core/loop.h"
#include "core/retry.h"
#include "core/secret.h"
#include "core/session_file.h"
#include "core/throttle.h"
#include "core/timer.h"

enum {
    LOCK_POLL_MS = 50,            /* while another process logs in */
    LOCK_PATIENCE_MS = 90 * 1000, /* more than any login takes: the other process is stuck */
    STORED_MAX = 1024 * 1024,
    IDENTITY_MAX = 256 * 1024,
};

/* What is copied of struct session_header. */
struct header {
    char *name, *text;
    struct secret *secret;
};

struct session {
    struct loop *loop;
    struct http *http;
    struct throttle *throttle;
    char *url, *username, *ca_file, *proxy;
    struct secret *password;
    struct grant_paths paths; /* owns its texts */
    struct header headers[GRANT_VALUES_MAX];
    size_t header_count;
    struct session_file *file; /* NULL: not shared */
    int64_t lock_patience_ms;

    struct grant grant;
    unsigned grant_number;
    struct secret
        *rejected; /* the token that a 401 ended; not to be taken from the file again */
    int logins_failed;
    bool hopeless; /* the last login, which failed */

    struct session_waiter *first, **last;
    struct timer timer; /* started while there is a next step */
    struct throttle_waiter slot;
    struct login *login;    /* under way */
    int64_t lock_wanted_ms; /* since when another process logs in; 0: none is known to */
};

static void next_step(void *context);
static void send_login(void *context, const struct err *err);

/* ---- making ---- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static int is_lost(const char *copied, const char *text)
{
    return text && !copied;
}

static int copy_header(struct session *session, size_t i, const struct session_header *from)
{
    struct header *header = &session->headers[i];

    header->name = copy(from->name);
    header->text = copy(from->text);
    header->secret = from->secret ? secret_ref(from->secret) : NULL;
    session->paths.values[i] = copy(from->from);
    return header->name && (header->text || header->secret || session->paths.values[i]) ? 0
                                                                                        : -1;
}

static int copy_spec(struct session *session, const struct session_spec *spec)
{
    int bad = 0;

    session->url = copy(spec->url);
    session->username = copy(spec->username);
    session->ca_file = copy(spec->ca_file);
    session->proxy = copy(spec->proxy);
    session->password = secret_ref(spec->password);
    session->paths.token = copy(spec->token_path);
    for (int i = 0; i < GRANT_EXPIRES_MAX; i++) {
        session->paths.expires[i] = copy(spec->expires[i]);
        bad |= is_lost(session->paths.expires[i], spec->expires[i]);
    }
    session->header_count = spec->header_count;
    for (size_t i = 0; i < spec->header_count; i++)
        bad |= copy_header(session, i, &spec->headers[i]);
    bad |= is_lost(session->ca_file, spec->ca_file) | is_lost(session->proxy, spec->proxy);
    return bad || !session->url || !session->username || !session->paths.token ? -1 : 0;
}

static int add_text(struct buf *all, const char *text, struct err *err)
{
    return buf_addf(all, err, "\n%s", text ? text : "");
}

/* The whole credential, so that a changed password or another account never meets an old
   session; and where values come from, so that each finds those that it sends. */
static int add_identity(struct buf *all, const struct session *session, struct err *err)
{
    int bad = buf_addf(all, err, "%s\n%s\n%s", session->url, session->username,
        secret_value(session->password));

    for (size_t i = 0; !bad && i < session->header_count; i++) {
        const struct header *header = &session->headers[i];

        bad = add_text(all, header->secret ? secret_value(header->secret) : NULL, err) ||
              add_text(all, session->paths.values[i], err);
    }
    return bad;
}

static int open_file(struct session *session, const char *folder, struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    char name[SEAL_HEX_BYTES + 1];
    struct buf all;
    int bad;

    buf_init(&all, IDENTITY_MAX);
    bad = add_identity(&all, session, err) ||
          seal_key(key, all.data, all.len, "siterun session", err) ||
          seal_fingerprint(name, key, sizeof key, err) ||
          session_file_new(&session->file, folder, name, key, err);
    explicit_bzero(key, sizeof key);
    buf_wipe(&all);
    return bad ? -1 : 0;
}

int session_new(struct session **out, struct loop *loop, struct http *http,
    struct throttle *throttle, const struct session_spec *spec, struct err *err)
{
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return err_no_memory(err);
    session->loop = loop;
    session->http = http;
    session->throttle = throttle;
    session->last = &session->first;
    session->slot = (struct throttle_waiter){.priority = PRIORITY_HIGH,
        .pause_max_ms = RETRY_AFTER_MAX_MS,
        .granted = send_login,
        .context = session};
    timer_init(&session->timer, next_step, session);
    grant_init(&session->grant);
    session->lock_patience_ms =
        spec->lock_patience_ms ? spec->lock_patience_ms : LOCK_PATIENCE_MS;
    if (copy_spec(session, spec)
            ? err_no_memory(err)
            : spec->state_folder && open_file(session, spec->state_folder, err)) {
        session_free(session);
        return -1;
    }
    *out = session;
    return 0;
}

static void free_spec(struct session *session)
{
    free(session->url);
    free(session->username);
    free(session->ca_file);
    free(session->proxy);
    secret_unref(session->password);
    free((char *)session->paths.token);
    for (int i = 0; i < GRANT_EXPIRES_MAX; i++)
        free((char *)session->paths.expires[i]);
    for (size_t i = 0; i < session->header_count; i++) {
        free(session->headers[i].name);
        free(session->headers[i].text);
        secret_unref(session->headers[i].secret);
        free((char *)session->paths.values[i]);
    }
}

static void end_login(struct session *session)
{
    login_free(session->login);
    session->login = NULL;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    loop_timer_stop(session->loop, &session->timer);
    throttle_leave(session->throttle, &session->slot);
    if (session->login)
        throttle_release(session->throttle, &session->slot, SENT_UNKNOWN);
    end_login(session);
    session_file_free(session->file);
    grant_fini(&session->grant);
    secret_unref(session->rejected);
    free_spec(session);
    free(session);
}

/* ---- waiting ---- */

bool session_is_ready(const struct session *session)
{
    return grant_is_fresh(&session->grant);
}

bool session_is_open(const struct session *session)
{
    return session->grant.token != NULL;
}

void session_wait(struct session *session, struct session_waiter *waiter)
{
    waiter->next = NULL;
    waiter->waiting = true;
    *session->last = waiter;
    session->last = &waiter->next;
    if (session->first == waiter && !session->login && !session->slot.waiting)
        loop_timer_start(session->loop, &session->timer, 0);
}

void session_leave(struct session *session, struct session_waiter *waiter)
{
    struct session_waiter **link = &session->first;

    if (!waiter->waiting)
        return;
    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (!waiter->next)
        session->last = link;
    waiter->waiting = false;
}

/* Tells those who waited until now; whoever comes back from a callback waits for another
   turn. */
static void finish(struct session *session, const struct err *err)
{
    struct session_waiter *last = NULL, *waiter;

    if (session->file)
        session_file_unlock(session->file);
    session->lock_wanted_ms = 0;
    for (waiter = session->first; waiter; waiter = waiter->next)
        last = waiter;
    while (last && (waiter = session->first)) {
        session_leave(session, waiter);
        if (waiter == last)
            last = NULL;
        waiter->done(waiter->context, err);
    }
    if (session->first)
        loop_timer_start(session->loop, &session->timer, 0);
}

/* ---- the shared file ---- */

static bool is_rejected(const struct session *session, const struct grant *grant)
{
    return session->rejected && grant->token &&
           !strcmp(secret_value(session->rejected), secret_value(grant->token));
}

static void adopt(struct session *session, struct grant *grant)
{
    grant_fini(&session->grant);
    session->grant = *grant;
    session->grant_number++;
}

/* A folder that can't be read or written is no reason not to work: this process then logs in
   for itself alone. */
static void stop_sharing(struct session *session)
{
    session_file_free(session->file);
    session->file = NULL;
}

/* Takes over what another process stored, if it is of use. */
static bool load(struct session *session)
{
    struct buf text;
    struct grant grant;
    struct err ignored;
    bool is_good;

    grant_init(&grant);
    buf_init(&text, STORED_MAX);
    if (session_file_read(session->file, &text, &ignored))
        stop_sharing(session);
    is_good = text.len && !grant_from_text(&grant, text.data, text.len, &ignored) &&
              grant_is_fresh(&grant) && !is_rejected(session, &grant);
    if (is_good)
        adopt(session, &grant);
    else
        grant_fini(&grant);
    buf_wipe(&text);
    return is_good;
}

static void store(struct session *session)
{
    struct buf text;
    struct err ignored;

    if (!session->file)
        return;
    buf_init(&text, STORED_MAX);
    if (grant_to_text(&session->grant, &text, &ignored) ||
        session_file_write(session->file, &text, &ignored))
        stop_sharing(session);
    buf_wipe(&text);
}

/* ---- the login ---- */

static void take_refusal(struct session *session, const struct err *err)
{
    if (err->kind == ERR_AUTH || err->kind == ERR_DECODE)
        session->logins_failed++;
    if (err->retry_after > 0)
        throttle_pause(session->throttle, (int64_t)(err->retry_after * 1000) + 1);
}

static void login_ended(void *context)
{
    struct session *session = context;
    struct grant grant;
    struct err err;
    int bad = login_outcome(session->login, &grant, &err);

    throttle_release(session->throttle, &session->slot, bad ? err.sent : SENT_YES);
    session->hopeless = bad && login_is_hopeless(session->login);
    end_login(session);
    if (bad) {
        take_refusal(session, &err);
        finish(session, &err);
        return;
    }
    session->logins_failed = 0;
    adopt(session, &grant);
    store(session);
    finish(session, NULL);
}

/* The slot was granted, or can't be. */
static void send_login(void *context, const struct err *refusal)
{
    struct session *session = context;
    struct login_request request = {
        .url = session->url,
        .username = session->username,
        .password = session->password,
        .paths = &session->paths,
        .ca_file = session->ca_file,
        .proxy = session->proxy,
    };
    struct err err;

    if (!refusal &&
        !login_start(&session->login, session->http, &request, login_ended, session, &err))
        return;
    if (!refusal)
        throttle_release(session->throttle, &session->slot, SENT_NO);
    finish(session, refusal ? refusal : &err);
}

/* ---- the steps to a grant ---- */

/* Whether this process is to log in: none of the others does, or the one that does is stuck. */
static bool is_leader(struct session *session)
{
    int64_t now_ms = clock_ms();
    struct err ignored;
    int locked = session_file_lock(session->file, &ignored);

    if (locked < 0)
        stop_sharing(session);
    if (locked)
        return true;
    if (!session->lock_wanted_ms)
        session->lock_wanted_ms = now_ms;
    return now_ms - session->lock_wanted_ms >= session->lock_patience_ms;
}

static int give_up(struct err *err)
{
    return err_set(err, ERR_AUTH,
        "%d logins failed or were refused; no further one is tried, since accounts are "
        "locked for guessing: check the user name, the password and the address",
        SESSION_LOGINS_FAILED_MAX);
}

static int take_slot(struct session *session, struct err *err)
{
    int taken = throttle_take(session->throttle, &session->slot, err);

    if (taken > 0)
        send_login(session, NULL);
    return taken < 0 ? -1 : 0;
}

/* 1: ready; 0: not yet; -1: failed. Another process may have logged in since the last look, so
   the file is read again under the lock. */
static int advance(struct session *session, struct err *err)
{
    if (session->file && load(session))
        return 1;
    if (session->logins_failed >= SESSION_LOGINS_FAILED_MAX)
        return give_up(err);
    if (session->file && !is_leader(session)) {
        loop_timer_start(session->loop, &session->timer, LOCK_POLL_MS);
        return 0;
    }
    if (session->file && load(session))
        return 1;
    return take_slot(session, err);
}

static void next_step(void *context)
{
    struct session *session = context;
    struct err err;
    int done;

    if (!session->first)
        return;
    done = session_is_ready(session) ? 1 : advance(session, &err);
    if (done)
        finish(session, done < 0 ? &err : NULL);
}

/* ---- use ---- */

static int add_header(
    struct http_headers *headers, const char *name, const char *text, struct err *err)
{
    return http_headers_add(headers, name, text, strlen(text), err);
}

static int add_token(
    const struct session *session, struct http_headers *headers, struct err *err)
{
    struct buf line;
    int bad;

    buf_init(&line, HTTP_HEADERS_MAX);
    bad = buf_addf(&line, err, "Bearer %s", secret_value(session->grant.token)) ||
          http_headers_add(headers, "Authorization", line.data, line.len, err);
    buf_wipe(&line);
    return bad ? -1 : 0;
}

int session_add_headers(
    const struct session *session, struct http_headers *headers, struct err *err)
{
    if (add_token(session, headers, err))
        return -1;
    for (size_t i = 0; i < session->header_count; i++) {
        const struct header *header = &session->headers[i];
        const char *text = header->secret ? secret_value(header->secret)
                           : header->text ? header->text
                                          : session->grant.values[i];

        if (text && add_header(headers, header->name, text, err))
            return -1;
    }
    return 0;
}

unsigned session_grant_number(const struct session *session)
{
    return session->grant_number;
}

bool session_is_hopeless(const struct session *session)
{
    return session->hopeless;
}

void session_reject(struct session *session, unsigned grant_number)
{
    if (grant_number != session->grant_number || !session->grant.token)
        return;
    secret_unref(session->rejected);
    session->rejected = secret_ref(session->grant.token);
    grant_fini(&session->grant);
}
