#include "core/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/auth.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/loop.h"
#include "core/secret.h"
#include "core/timer.h"
#include "core/url.h"

/* A longer pause is reported to the caller and not imposed on the account's other calls. */
enum { PAUSE_MAX_S = 15 * 60 };

struct exchange {
    struct loop *loop;
    struct http *http;
    void (*done)(void *context);
    void *context;

    struct account *account;
    char *method, *url, *body, *ca_file, *proxy;
    size_t body_len, body_max;
    struct http_headers headers; /* the caller's */
    bool write;
    int64_t timeout_ms;

    struct timer timer; /* the first step, and the run's deadline while waiting */
    struct session_waiter login;
    struct throttle_waiter slot;
    bool has_slot;
    struct http_headers sent_headers; /* the caller's and those that authenticate */
    struct http_transfer *transfer;
    unsigned grant_number;
    int attempts;
    bool has_session; /* a login was waited for: what it gave is used, however short its life */
    bool logged_in_again, sent_again;
    bool is_cut_short; /* the transfer may last until the run's deadline only */
    bool ended;
    struct err error; /* ERR_NONE: there is an answer */
};

static void advance(struct exchange *exchange);

/* ---- ending ---- */

static void give_slot(struct exchange *exchange, enum err_sent sent)
{
    if (exchange->has_slot)
        throttle_release(account_throttle(exchange->account), sent);
    exchange->has_slot = false;
}

static void stop_waiting(struct exchange *exchange)
{
    loop_timer_stop(exchange->loop, &exchange->timer);
    if (!exchange->account)
        return;
    throttle_leave(account_throttle(exchange->account), &exchange->slot);
    if (exchange->login.waiting)
        session_leave(auth_session(account_auth(exchange->account)), &exchange->login);
}

static void end(struct exchange *exchange)
{
    stop_waiting(exchange);
    exchange->ended = true;
    exchange->error.attempts = exchange->attempts;
    exchange->done(exchange->context);
}

static void fail(struct exchange *exchange, const struct err *err)
{
    exchange->error = *err;
    give_slot(exchange, SENT_NO);
    end(exchange);
}

static void fail_deadline(struct exchange *exchange, const char *what)
{
    struct err err;

    err_set(&err, ERR_DEADLINE, "%s would pass the run's deadline", what);
    fail(exchange, &err);
}

/* ---- judging ---- */

static struct session *session_of(const struct exchange *exchange)
{
    return exchange->account ? auth_session(account_auth(exchange->account)) : NULL;
}

/* Says of a failed transfer what it means for the call. */
static void explain(struct exchange *exchange, struct err *err)
{
    char why[ERR_MESSAGE_MAX];

    memcpy(why, err->message, sizeof why);
    if (exchange->write && err->sent != SENT_NO) {
        err_set(err, ERR_UNKNOWN_OUTCOME, "no answer to a write that was sent: %.400s", why);
        err->sent = SENT_UNKNOWN;
    } else if (err->kind == ERR_TIMEOUT && exchange->is_cut_short) {
        err->kind = ERR_DEADLINE;
    }
}

static void drop_transfer(struct exchange *exchange)
{
    http_transfer_free(exchange->transfer);
    exchange->transfer = NULL;
    http_headers_fini(&exchange->sent_headers);
}

static void repeat(struct exchange *exchange)
{
    drop_transfer(exchange);
    advance(exchange);
}

/* A read may be sent again when its reused connection turned out to be dead: once, with a slot of
   its own, since it may have arrived. */
static void judge_failure(struct exchange *exchange, struct err *err)
{
    if (http_transfer_died(exchange->transfer) && !exchange->write && !exchange->sent_again) {
        exchange->sent_again = true;
        repeat(exchange);
        return;
    }
    explain(exchange, err);
    exchange->error = *err;
    end(exchange);
}

/* The service's own pause holds the account's other calls too. */
static void heed_pause(struct exchange *exchange, int status)
{
    double pause_s;

    if (!exchange->account || (status != 429 && status != 503))
        return;
    pause_s = exchange_retry_after(exchange);
    if (pause_s > 0 && pause_s <= PAUSE_MAX_S)
        throttle_pause(account_throttle(exchange->account), (int64_t)(pause_s * 1000) + 1);
}

static void judge_answer(struct exchange *exchange, const struct http_response *answer)
{
    struct session *session = session_of(exchange);

    heed_pause(exchange, answer->status);
    if (answer->status == 401 && session && !exchange->logged_in_again) {
        exchange->logged_in_again = true;
        exchange->has_session = false;
        session_reject(session, exchange->grant_number);
        repeat(exchange);
        return;
    }
    end(exchange);
}

static void transfer_ended(void *context)
{
    struct exchange *exchange = context;
    struct err err;
    int bad = http_outcome(exchange->transfer, &err);

    if (!bad || err.sent != SENT_NO)
        exchange->attempts++;
    give_slot(exchange, bad ? err.sent : SENT_YES);
    if (bad)
        judge_failure(exchange, &err);
    else
        judge_answer(exchange, http_transfer_response(exchange->transfer));
}

/* ---- sending ---- */

static int add_headers(struct exchange *exchange, struct err *err)
{
    struct http_headers *to = &exchange->sent_headers;

    if (http_headers_copy(to, &exchange->headers, err))
        return -1;
    return exchange->account ? auth_add_headers(account_auth(exchange->account), to, err) : 0;
}

static int add_url(const struct exchange *exchange, struct buf *url, struct err *err)
{
    if (buf_add_string(url, exchange->url, err))
        return -1;
    return exchange->account
               ? auth_add_query(account_auth(exchange->account), exchange->write, url, err)
               : 0;
}

static int64_t time_left_ms(const struct exchange *exchange)
{
    int64_t deadline_ms = loop_deadline(exchange->loop);

    return deadline_ms == INT64_MAX ? INT64_MAX : deadline_ms - clock_ms();
}

static int start_transfer(struct exchange *exchange, const char *url, struct err *err)
{
    int64_t left_ms = time_left_ms(exchange);
    int64_t timeout_ms = left_ms < exchange->timeout_ms ? left_ms : exchange->timeout_ms;
    struct http_request request = {
        .method = exchange->method,
        .url = url,
        .headers = &exchange->sent_headers,
        .body = exchange->body,
        .body_len = exchange->body_len,
        .ca_file = exchange->ca_file,
        .proxy = exchange->proxy,
        .timeout_ms = timeout_ms > 0 ? timeout_ms : 1, /* to libcurl 0 is without end */
        .body_max = exchange->body_max,
        .write = exchange->write,
    };

    exchange->is_cut_short = left_ms < exchange->timeout_ms;
    return http_start(
        &exchange->transfer, exchange->http, &request, transfer_ended, exchange, err);
}

static void send_request(struct exchange *exchange)
{
    struct buf url;
    struct err err;
    int bad;

    loop_timer_stop(exchange->loop, &exchange->timer);
    if (session_of(exchange))
        exchange->grant_number = session_grant_number(session_of(exchange));
    buf_init(&url, URL_MAX);
    bad = add_url(exchange, &url, &err) || add_headers(exchange, &err) ||
          start_transfer(exchange, url.data, &err);
    buf_wipe(&url);
    if (bad)
        fail(exchange, &err);
}

/* ---- waiting ---- */

static void guard_deadline(struct exchange *exchange)
{
    int64_t left_ms = time_left_ms(exchange);

    if (left_ms != INT64_MAX)
        loop_timer_start(exchange->loop, &exchange->timer, left_ms > 0 ? left_ms : 0);
}

/* A wait whose end is known to lie beyond the deadline is not begun. */
static bool is_too_long(struct exchange *exchange)
{
    int64_t left_ms = time_left_ms(exchange);

    return left_ms != INT64_MAX && throttle_wait_ms(account_throttle(exchange->account),
                                       exchange->slot.priority) > left_ms;
}

static void take_slot(struct exchange *exchange)
{
    struct throttle *throttle = account_throttle(exchange->account);

    if (is_too_long(exchange)) {
        fail_deadline(exchange, "the wait for the service's limit");
    } else if (throttle_take(throttle, &exchange->slot)) {
        exchange->has_slot = true;
        send_request(exchange);
    } else {
        guard_deadline(exchange);
    }
}

static void slot_granted(void *context)
{
    struct exchange *exchange = context;

    exchange->has_slot = true;
    advance(exchange);
}

/* The login's own request is not the call's: that was not sent, or was refused (401). */
static void fail_login(struct exchange *exchange, const struct err *err)
{
    struct err of_call = *err;

    of_call.sent = exchange->attempts ? SENT_YES : SENT_NO;
    fail(exchange, &of_call);
}

static bool is_ready(const struct exchange *exchange, const struct session *session)
{
    return exchange->has_session ? session_is_open(session) : session_is_ready(session);
}

static void login_ended(void *context, const struct err *err)
{
    struct exchange *exchange = context;

    exchange->has_session = !err;
    if (err)
        fail_login(exchange, err);
    else
        advance(exchange);
}

/* The session may expire while the slot is waited for, so it is asked for again. */
static void advance(struct exchange *exchange)
{
    struct session *session = session_of(exchange);

    if (time_left_ms(exchange) <= 0) {
        fail_deadline(exchange, "sending");
    } else if (session && !is_ready(exchange, session)) {
        give_slot(exchange, SENT_NO);
        session_wait(session, &exchange->login);
        guard_deadline(exchange);
    } else if (exchange->account && !exchange->has_slot) {
        take_slot(exchange);
    } else {
        send_request(exchange);
    }
}

static void timer_fired(void *context)
{
    struct exchange *exchange = context;

    stop_waiting(exchange);
    if (exchange->attempts || time_left_ms(exchange) <= 0)
        fail_deadline(exchange, "waiting");
    else
        advance(exchange);
}

/* ---- making ---- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static int copy_request(struct exchange *exchange, struct exchange_request *request)
{
    struct account *account = request->account;
    const char *ca_file = account ? account_ca_file(account) : request->ca_file;
    const char *proxy = account ? account_proxy(account) : request->proxy;

    exchange->headers = request->headers;
    request->headers.lines = NULL;
    exchange->account = account;
    exchange->method = copy(request->method);
    exchange->url = copy(request->url);
    exchange->ca_file = copy(ca_file);
    exchange->proxy = copy(proxy);
    exchange->body = request->body ? malloc(request->body_len + 1) : NULL;
    if (!exchange->method || !exchange->url || (request->body && !exchange->body) ||
        !!exchange->ca_file != !!ca_file || !!exchange->proxy != !!proxy)
        return -1;
    if (request->body)
        memcpy(exchange->body, request->body, request->body_len);
    exchange->body_len = request->body_len;
    exchange->body_max = request->body_max;
    exchange->write = request->write;
    exchange->timeout_ms = request->timeout_ms;
    return 0;
}

int exchange_start(struct exchange **out, struct loop *loop, struct http *http,
    struct exchange_request *request, void (*done)(void *context), void *context,
    struct err *err)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (!exchange) {
        http_headers_fini(&request->headers);
        return err_no_memory(err);
    }
    exchange->loop = loop;
    exchange->http = http;
    exchange->done = done;
    exchange->context = context;
    timer_init(&exchange->timer, timer_fired, exchange);
    exchange->login = (struct session_waiter){.done = login_ended, .context = exchange};
    exchange->slot = (struct throttle_waiter){
        .priority = request->priority, .granted = slot_granted, .context = exchange};
    if (copy_request(exchange, request)) {
        exchange_free(exchange);
        return err_no_memory(err);
    }
    loop_timer_start(loop, &exchange->timer, 0);
    *out = exchange;
    return 0;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    stop_waiting(exchange);
    give_slot(exchange, exchange_is_sent(exchange) ? SENT_UNKNOWN : SENT_NO);
    drop_transfer(exchange);
    http_headers_fini(&exchange->headers);
    free(exchange->method);
    free(exchange->url);
    free(exchange->body);
    free(exchange->ca_file);
    free(exchange->proxy);
    free(exchange);
}

/* ---- reading ---- */

struct http_response *exchange_answer(struct exchange *exchange)
{
    return exchange->error.kind ? NULL : http_transfer_response(exchange->transfer);
}

const struct err *exchange_error(const struct exchange *exchange)
{
    return &exchange->error;
}

int exchange_attempts(const struct exchange *exchange)
{
    return exchange->attempts;
}

double exchange_retry_after(struct exchange *exchange)
{
    if (!exchange->transfer)
        return -1;
    return http_response_retry_after(http_transfer_response(exchange->transfer));
}

int exchange_show_url(const struct exchange *exchange, struct buf *out, struct err *err)
{
    struct buf url;
    int bad;

    buf_init(&url, SIZE_MAX / 2); /* also one that was refused for its length */
    bad = add_url(exchange, &url, err) || secret_redact(out, buf_text(&url), url.len, err);
    buf_wipe(&url);
    return bad ? -1 : 0;
}

bool exchange_is_sent(const struct exchange *exchange)
{
    return exchange->transfer && !exchange->ended && http_transfer_is_sent(exchange->transfer);
}
