#include "core/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/auth.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/http.h"
#include "core/loop.h"
#include "core/outcome.h"
#include "core/retry.h"
#include "core/secret.h"
#include "core/timer.h"
#include "core/url.h"

struct exchange {
    struct loop *loop;
    struct http *http;
    void (*done)(void *context);
    void *context;

    struct exchange_request request; /* a copy */
    int64_t deadline_ms;             /* clock_ms; INT64_MAX: the run's alone */

    struct timer timer; /* a pause, or the deadline while waiting */
    struct session_waiter login;
    struct throttle_waiter slot;
    bool has_slot;
    struct http_headers sent_headers; /* the caller's and those that authenticate */
    struct http_transfer *transfer;
    unsigned grant_number;
    int attempts;
    int tries;          /* attempts, also those that never reached the wire */
    enum err_sent sent; /* by the attempts so far */
    bool cut_short;     /* the attempt under way: by the deadline */
    bool at_gate;       /* a gated call that is about to be sent */
    bool has_session; /* a login was waited for: what it gave is used, however short its life */
    bool logged_in_again, revived, ended;
    struct err error; /* ERR_NONE: there is an answer */
    char memory[];    /* of the request */
};

static void advance(struct exchange *exchange);

static int64_t time_left_ms(const struct exchange *exchange)
{
    int64_t deadline_ms = loop_deadline(exchange->loop);

    if (exchange->deadline_ms < deadline_ms)
        deadline_ms = exchange->deadline_ms;
    return deadline_ms == INT64_MAX ? INT64_MAX : deadline_ms - clock_ms();
}

/* ---- ending ---- */

static void give_slot(struct exchange *exchange, enum err_sent sent)
{
    if (exchange->has_slot)
        throttle_release(account_throttle(exchange->request.account), &exchange->slot, sent);
    exchange->has_slot = false;
}

static void stop_waiting(struct exchange *exchange)
{
    loop_timer_stop(exchange->loop, &exchange->timer);
    if (!exchange->request.account)
        return;
    throttle_leave(account_throttle(exchange->request.account), &exchange->slot);
    if (exchange->login.waiting)
        session_leave(auth_session(account_auth(exchange->request.account)), &exchange->login);
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
    exchange->error.sent = exchange->sent;
    give_slot(exchange, SENT_NO);
    end(exchange);
}

static void fail_deadline(struct exchange *exchange, const char *what, int64_t wait_ms)
{
    struct err err;

    err_set(&err, ERR_DEADLINE, "%s would pass the deadline", what);
    err.retry_after = (double)wait_ms / 1000;
    fail(exchange, &err);
}

/* ---- judging ---- */

static struct session *session_of(const struct exchange *exchange)
{
    return exchange->request.account ? auth_session(account_auth(exchange->request.account))
                                     : NULL;
}

static void note_sent(struct exchange *exchange, enum err_sent sent)
{
    if (sent == SENT_YES || exchange->sent == SENT_NO)
        exchange->sent = sent;
}

/* Says of a failed transfer what it means for the call. */
static void explain(struct exchange *exchange, struct err *err)
{
    char why[ERR_MESSAGE_MAX];

    memcpy(why, err->message, sizeof why);
    if (exchange->request.write && err->sent != SENT_NO) {
        err_set(err, ERR_UNKNOWN_OUTCOME, "no answer to a write that was sent: %.400s", why);
        err->sent = SENT_UNKNOWN;
        return;
    }
    if (err->kind == ERR_TIMEOUT && exchange->cut_short)
        err->kind = ERR_DEADLINE;
    err->sent = exchange->sent;
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

static void repeat_later(struct exchange *exchange, int64_t pause_ms)
{
    drop_transfer(exchange);
    loop_timer_start(exchange->loop, &exchange->timer, pause_ms);
}

/* Repeats the call after a pause, if that is allowed. A pause that the service asked for holds
   the account's other calls too, in every process. Without an account nothing is repeated. */
static bool try_again(struct exchange *exchange, struct retry_outcome *outcome)
{
    struct throttle *throttle;
    enum retry_verdict verdict;
    int64_t pause_ms = 0;

    if (!exchange->request.account || exchange->request.single)
        return false;
    throttle = account_throttle(exchange->request.account);
    outcome->write = outcome->write || exchange->request.write;
    outcome->attempt = exchange->tries;
    outcome->left_ms = retry_left_ms(exchange->request.write, time_left_ms(exchange));
    verdict = retry_decide(outcome, retry_chance(), &pause_ms);
    if (retry_holds_others(outcome))
        throttle_pause(throttle, outcome->retry_after_ms + 1);
    if (verdict == RETRY_NO || (verdict == RETRY_PAUSED && !throttle_spend_retry(throttle)))
        return false;
    repeat_later(exchange, pause_ms);
    return true;
}

/* A read is sent again at once when its reused connection turned out to be dead: once, with a
   slot of its own, since it may have arrived. */
static bool revive(struct exchange *exchange)
{
    if (!http_transfer_died(exchange->transfer) || exchange->request.write ||
        exchange->request.single || exchange->revived || exchange->tries >= RETRY_ATTEMPTS_MAX)
        return false;
    exchange->revived = true;
    repeat(exchange);
    return true;
}

static void judge_failure(struct exchange *exchange, struct err *err)
{
    struct retry_outcome outcome = outcome_of_failure(exchange->transfer, err);

    if (revive(exchange) || try_again(exchange, &outcome))
        return;
    explain(exchange, err);
    exchange->error = *err;
    end(exchange);
}

static bool log_in_again(struct exchange *exchange, int status)
{
    struct session *session = session_of(exchange);

    if (status != 401 || !session || exchange->logged_in_again)
        return false;
    exchange->logged_in_again = true;
    exchange->has_session = false;
    exchange->tries--; /* the login failed, not the call */
    session_reject(session, exchange->grant_number);
    repeat(exchange);
    return true;
}

static void judge_answer(struct exchange *exchange, const struct http_response *answer)
{
    struct retry_outcome outcome;

    if (log_in_again(exchange, answer->status))
        return;
    if (exchange->request.account && answer->status >= 400) {
        outcome = outcome_of_answer(exchange->request.account, answer);
        if (try_again(exchange, &outcome))
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
    exchange->tries++;
    note_sent(exchange, bad ? err.sent : SENT_YES);
    give_slot(exchange, bad ? err.sent : SENT_YES);
    if (bad)
        judge_failure(exchange, &err);
    else
        judge_answer(exchange, http_transfer_response(exchange->transfer));
}

/* ---- sending ---- */

static int start_transfer(struct exchange *exchange, const char *url, struct err *err)
{
    int64_t left_ms = time_left_ms(exchange);
    int64_t timeout_ms =
        left_ms < exchange->request.timeout_ms ? left_ms : exchange->request.timeout_ms;
    struct http_request request = {
        .method = exchange->request.method,
        .url = url,
        .headers = &exchange->sent_headers,
        .body = exchange->request.body,
        .body_len = exchange->request.body_len,
        .ca_file = exchange->request.ca_file,
        .proxy = exchange->request.proxy,
        .timeout_ms = timeout_ms > 0 ? timeout_ms : 1, /* to libcurl 0 is without end */
        .body_max = exchange->request.body_max,
        .write = exchange->request.write,
    };

    exchange->cut_short = left_ms < exchange->request.timeout_ms;
    return http_start(
        &exchange->transfer, exchange->http, &request, transfer_ended, exchange, err);
}

static void send_request(struct exchange *exchange)
{
    struct buf made;
    struct err err;
    const char *url;
    int bad;

    loop_timer_stop(exchange->loop, &exchange->timer);
    if (session_of(exchange))
        exchange->grant_number = session_grant_number(session_of(exchange));
    buf_init(&made, URL_MAX);
    url = exchange_request_url(&exchange->request, &made, &err);
    bad = !url ||
          exchange_request_add_headers(&exchange->request, &exchange->sent_headers, &err) ||
          start_transfer(exchange, url, &err);
    buf_wipe(&made);
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

/* A wait whose end is known to lie beyond the deadline is not begun: how long it would be; else
   0. */
static int64_t wait_too_long_ms(struct exchange *exchange)
{
    int64_t left_ms = retry_left_ms(exchange->request.write, time_left_ms(exchange)), wait_ms;

    if (left_ms == INT64_MAX)
        return 0;
    wait_ms =
        throttle_wait_ms(account_throttle(exchange->request.account), exchange->slot.priority);
    return wait_ms > left_ms ? wait_ms : 0;
}

static void take_slot(struct exchange *exchange)
{
    int64_t too_long_ms = wait_too_long_ms(exchange);
    struct err err;
    int taken;

    if (too_long_ms) {
        fail_deadline(exchange, "the wait for the service's limit", too_long_ms);
        return;
    }
    exchange->slot.repeats = exchange->tries > 0;
    exchange->slot.pause_max_ms = account_retry_after_max_ms(exchange->request.account);
    taken = throttle_take(account_throttle(exchange->request.account), &exchange->slot, &err);
    exchange->has_slot = taken > 0;
    if (taken > 0)
        advance(exchange);
    else if (taken < 0)
        fail(exchange, &err);
    else
        guard_deadline(exchange);
}

static void slot_granted(void *context, const struct err *err)
{
    struct exchange *exchange = context;

    exchange->has_slot = !err;
    if (err)
        fail(exchange, err);
    else
        advance(exchange);
}

static bool is_ready(const struct exchange *exchange, const struct session *session)
{
    return exchange->has_session ? session_is_open(session) : session_is_ready(session);
}

/* A login that certainly did not happen is one attempt of the call that wanted it. */
static bool wait_for_login_again(struct exchange *exchange, const struct err *err)
{
    struct retry_outcome outcome = outcome_of_login(
        exchange->request.account, err, session_is_hopeless(session_of(exchange)));

    exchange->tries++;
    return try_again(exchange, &outcome);
}

static void login_ended(void *context, const struct err *err)
{
    struct exchange *exchange = context;

    exchange->has_session = !err;
    if (!err)
        advance(exchange);
    else if (!wait_for_login_again(exchange, err))
        fail(exchange, err);
}

/* The session may expire while the slot is waited for, so it is asked for again. */
static void advance(struct exchange *exchange)
{
    struct session *session = session_of(exchange);

    if (retry_left_ms(exchange->request.write, time_left_ms(exchange)) <= 0) {
        fail_deadline(exchange, "sending", 0);
    } else if (session && !is_ready(exchange, session)) {
        give_slot(exchange, SENT_NO);
        session_wait(session, &exchange->login);
        guard_deadline(exchange);
    } else if (exchange->request.account && !exchange->has_slot) {
        take_slot(exchange);
    } else if (exchange->request.gated) {
        exchange->request.gated = false;
        exchange->at_gate = true;
        stop_waiting(exchange);
        exchange->done(exchange->context);
    } else {
        send_request(exchange);
    }
}

bool exchange_is_at_gate(const struct exchange *exchange)
{
    return exchange->at_gate;
}

void exchange_go(struct exchange *exchange)
{
    exchange->at_gate = false;
    advance(exchange);
}

static void timer_fired(void *context)
{
    struct exchange *exchange = context;

    stop_waiting(exchange);
    if (time_left_ms(exchange) <= 0)
        fail_deadline(exchange, "waiting", 0);
    else
        advance(exchange);
}

/* ---- making ---- */

int exchange_start(struct exchange **out, struct loop *loop, struct http *http,
    struct exchange_request *request, void (*done)(void *context), void *context,
    struct err *err)
{
    struct exchange *exchange = malloc(sizeof *exchange + exchange_request_size(request));

    if (!exchange) {
        http_headers_fini(&request->headers);
        return err_no_memory(err);
    }
    *exchange = (struct exchange){
        .loop = loop,
        .http = http,
        .done = done,
        .context = context,
        .deadline_ms = request->deadline_ms ? clock_ms() + request->deadline_ms : INT64_MAX,
        .login = {.done = login_ended, .context = exchange},
        .slot = {.priority = request->priority, .granted = slot_granted, .context = exchange},
    };
    timer_init(&exchange->timer, timer_fired, exchange);
    exchange_request_copy(&exchange->request, request, exchange->memory);
    *out = exchange;
    advance(exchange);
    return 0;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    stop_waiting(exchange);
    give_slot(exchange, exchange_is_sent(exchange) ? SENT_UNKNOWN : SENT_NO);
    drop_transfer(exchange);
    exchange_request_fini(&exchange->request);
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
    struct buf made;
    const char *url;
    int bad;

    buf_init(&made, SIZE_MAX / 2); /* also one that was refused for its length */
    url = exchange_request_url(&exchange->request, &made, err);
    bad = !url || secret_redact(out, url, strlen(url), err);
    buf_wipe(&made);
    return bad ? -1 : 0;
}

bool exchange_is_sent(const struct exchange *exchange)
{
    return exchange->transfer && !exchange->ended && http_transfer_is_sent(exchange->transfer);
}
