#include "core/session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/http.h"
#include "core/loop.h"
#include "core/secret.h"
#include "core/session_file.h"
#include "core/throttle.h"
#include "core/timer.h"

enum {
    LOCK_POLL_MS = 50, /* while another process logs in */
    LOGIN_TIMEOUT_MS = 30000,
    LOGIN_ANSWER_MAX = 1024 * 1024,
    LOGIN_BODY_MAX = 256 * 1024,
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

    struct grant grant;
    unsigned grant_number;
    struct secret
        *rejected; /* the token that a 401 ended; not to be taken from the file again */
    int logins_failed;

    struct session_waiter *first, **last;
    struct timer timer; /* started while there is a next step */
    struct throttle_waiter slot;
    struct http_transfer *transfer; /* the login under way */
    struct http_headers login_headers;
    struct buf login_body;
};

static void next_step(void *context);
static void send_login(void *context);

/* ---- making ---- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
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
    for (int i = 0; i < GRANT_EXPIRES_MAX; i++)
        session->paths.expires[i] = copy(spec->expires[i]);
    session->header_count = spec->header_count;
    for (size_t i = 0; i < spec->header_count; i++)
        bad |= copy_header(session, i, &spec->headers[i]);
    return bad || !session->url || !session->username || !session->paths.token ? -1 : 0;
}

/* The file's name and key come from the whole credential, so that a changed password or another
   account never meets an old session. */
static int open_file(struct session *session, const char *folder, struct err *err)
{
    unsigned char key[SEAL_KEY_BYTES];
    char name[SEAL_HEX_BYTES + 1];
    struct buf all;
    int bad;

    buf_init(&all, LOGIN_BODY_MAX);
    bad = buf_addf(&all, err, "%s\n%s\n%s", session->url, session->username,
        secret_value(session->password));
    for (size_t i = 0; !bad && i < session->header_count; i++)
        if (session->headers[i].secret)
            bad = buf_addf(&all, err, "\n%s", secret_value(session->headers[i].secret));
    if (!bad && !(bad = seal_key(key, all.data, all.len, "siterun session", err)))
        bad = seal_fingerprint(name, key, sizeof key, err) ||
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
    session->slot = (struct throttle_waiter){
        .priority = PRIORITY_HIGH, .granted = send_login, .context = session};
    timer_init(&session->timer, next_step, session);
    grant_init(&session->grant);
    buf_init(&session->login_body, LOGIN_BODY_MAX);
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

static void end_transfer(struct session *session)
{
    if (session->transfer)
        buf_wipe(&http_transfer_response(session->transfer)->body);
    http_transfer_free(session->transfer);
    session->transfer = NULL;
    http_headers_fini(&session->login_headers);
    buf_wipe(&session->login_body);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    loop_timer_stop(session->loop, &session->timer);
    throttle_leave(session->throttle, &session->slot);
    if (session->transfer)
        throttle_release(session->throttle, SENT_UNKNOWN);
    end_transfer(session);
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
    if (session->first == waiter && !session->transfer && !session->slot.waiting)
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

/* Tells those who waited until now; whoever comes back from a callback waits for another turn. */
static void finish(struct session *session, const struct err *err)
{
    struct session_waiter *last = NULL, *waiter;

    if (session->file)
        session_file_unlock(session->file);
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

/* Takes over what another process stored, if it is of use: 1, else 0; -1 when it can't be read. */
static int load(struct session *session, struct err *err)
{
    struct buf text;
    struct grant grant;
    struct err ignored;
    int bad;

    grant_init(&grant);
    buf_init(&text, LOGIN_ANSWER_MAX);
    bad = session_file_read(session->file, &text, err);
    if (!bad && text.len && !grant_from_text(&grant, text.data, text.len, &ignored) &&
        grant_is_fresh(&grant) && !is_rejected(session, &grant)) {
        adopt(session, &grant);
        buf_wipe(&text);
        return 1;
    }
    grant_fini(&grant);
    buf_wipe(&text);
    return bad;
}

/* A session that can't be stored still serves this process. */
static void store(struct session *session)
{
    struct buf text;
    struct err ignored;

    if (!session->file)
        return;
    buf_init(&text, LOGIN_ANSWER_MAX);
    if (!grant_to_text(&session->grant, &text, &ignored) &&
        session_file_write(session->file, &text, &ignored))
        ignored.kind = ERR_NONE;
    buf_wipe(&text);
}

/* ---- the login ---- */

static int make_body(struct session *session, struct err *err)
{
    json_t *root = json_pack("{s:s, s:s}", "username", session->username, "password",
        secret_value(session->password));
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    int bad = text ? buf_add_string(&session->login_body, text, err)
                   : err_set(err, ERR_CONFIG, "the user name or password is no valid UTF-8");

    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    json_decref(root);
    return bad;
}

/* What the service says of a refusal; the fields that such answers use. */
static const char *said(json_t *root)
{
    static const char *const fields[] = {"error_description", "message", "error"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *text = json_string_value(json_object_get(root, fields[i]));

        if (text)
            return text;
    }
    return "no reason given";
}

static enum err_kind kind_of(int status)
{
    if (status == 429)
        return ERR_RATE_LIMITED;
    if (status >= 500)
        return ERR_SERVER;
    return status >= 400 ? ERR_AUTH : ERR_DECODE;
}

static int refuse(struct session *session, const struct http_response *answer, struct err *err)
{
    json_t *root = json_loadb(buf_text(&answer->body), answer->body.len, 0, NULL);

    err_set(err, kind_of(answer->status), "the login was answered %d: %.200s", answer->status,
        said(root));
    err->sent = SENT_YES;
    if (err->kind == ERR_AUTH)
        session->logins_failed++;
    json_decref(root);
    return -1;
}

static int take_answer(struct session *session, struct err *err)
{
    struct http_response *answer = http_transfer_response(session->transfer);
    char date[64];
    struct grant grant;

    if (answer->status < 200 || answer->status > 299)
        return refuse(session, answer, err);
    if (grant_from_answer(&grant, &session->paths, buf_text(&answer->body), answer->body.len,
            http_response_header(answer, "Date", date, sizeof date), err))
        return -1;
    session->logins_failed = 0;
    adopt(session, &grant);
    store(session);
    return 0;
}

static void login_ended(void *context)
{
    struct session *session = context;
    struct err err;
    int bad = http_outcome(session->transfer, &err);

    throttle_release(session->throttle, bad ? err.sent : SENT_YES);
    bad = bad || take_answer(session, &err);
    end_transfer(session);
    finish(session, bad ? &err : NULL);
}

static int start_login(struct session *session, struct err *err)
{
    struct http_request request = {
        .method = "POST",
        .url = session->url,
        .headers = &session->login_headers,
        .ca_file = session->ca_file,
        .proxy = session->proxy,
        .timeout_ms = LOGIN_TIMEOUT_MS,
        .body_max = LOGIN_ANSWER_MAX,
        .write = true,
    };

    if (make_body(session, err) ||
        http_headers_add(
            &session->login_headers, "Content-Type", "application/json", 16, err) ||
        http_headers_add(&session->login_headers, "Accept", "application/json", 16, err))
        return -1;
    request.body = session->login_body.data;
    request.body_len = session->login_body.len;
    return http_start(&session->transfer, session->http, &request, login_ended, session, err);
}

/* The slot was granted. */
static void send_login(void *context)
{
    struct session *session = context;
    struct err err;

    if (!start_login(session, &err))
        return;
    throttle_release(session->throttle, SENT_NO);
    end_transfer(session);
    finish(session, &err);
}

/* ---- the steps to a grant ---- */

/* 1: this process is to log in; 0: another one does; -1: ERR_CONFIG. */
static int become_leader(struct session *session, struct err *err)
{
    int locked = session->file ? session_file_lock(session->file, err) : 1;

    if (!locked)
        loop_timer_start(session->loop, &session->timer, LOCK_POLL_MS);
    return locked;
}

static int give_up(struct err *err)
{
    return err_set(err, ERR_AUTH,
        "the service refused %d logins; no further one is tried, since accounts are "
        "locked for guessing: check the user name and the password",
        SESSION_LOGINS_FAILED_MAX);
}

/* 1: ready; 0: not yet; -1: failed. Another process may have logged in since the last look, so
   the file is read again under the lock. */
static int advance(struct session *session, struct err *err)
{
    int loaded = session->file ? load(session, err) : 0;
    int leads;

    if (loaded)
        return loaded;
    if (session->logins_failed >= SESSION_LOGINS_FAILED_MAX)
        return give_up(err);
    leads = become_leader(session, err);
    if (leads <= 0)
        return leads;
    loaded = session->file ? load(session, err) : 0;
    if (loaded)
        return loaded;
    if (throttle_take(session->throttle, &session->slot))
        send_login(session);
    return 0;
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

static int add_text(
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

        if (text && add_text(headers, header->name, text, err))
            return -1;
    }
    return 0;
}

unsigned session_grant_number(const struct session *session)
{
    return session->grant_number;
}

void session_reject(struct session *session, unsigned grant_number)
{
    if (grant_number != session->grant_number || !session->grant.token)
        return;
    secret_unref(session->rejected);
    session->rejected = secret_ref(session->grant.token);
    grant_fini(&session->grant);
}
