/* exchange: one call, from the decision to send it to its outcome: it waits for a session and a
   slot, sends, logs in again after a 401 and repeats what is certain not to have happened. A write
   is on the wire once, unless the service refused the login (401). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/http.h"
#include "core/throttle.h"

struct account;
struct buf;
struct exchange;
struct loop;

/* Texts and bytes are copied; the headers become the exchange's own when it starts. */
struct exchange_request {
    struct account *account; /* must outlive the exchange; NULL: a service without one */
    const char *method;
    const char *url; /* whole, checked, without the account's key */
    struct http_headers headers;
    const char *body; /* NULL: none */
    size_t body_len;
    bool write;         /* changes something at the service */
    int64_t timeout_ms; /* of each attempt; waits for slots not counted */
    int64_t
        deadline_ms; /* from now, of the whole call: waits and pauses too; 0: the run's alone */
    size_t body_max;
    enum throttle_priority priority;
    const char *ca_file, *proxy; /* for calls without an account */
};

/* `done` is called once from the loop. The request's headers are taken over in any case. */
MUST_USE int exchange_start(struct exchange **out, struct loop *loop, struct http *http,
    struct exchange_request *request, void (*done)(void *context), void *context,
    struct err *err);

/* After `done`: the answer, or NULL and the error of a call that got none: ERR_NETWORK,
   ERR_TIMEOUT, ERR_DECODE, ERR_AUTH (no login), ERR_DEADLINE, ERR_UNKNOWN_OUTCOME (a write that
   may have reached the service), ERR_USAGE. */
struct http_response *exchange_answer(struct exchange *exchange);
const struct err *exchange_error(const struct exchange *exchange);

/* Requests put on the wire, logins not counted. */
int exchange_attempts(const struct exchange *exchange);

/* Seconds that the answer's Retry-After asks for; -1 when it does not say. */
double exchange_retry_after(struct exchange *exchange);

/* Appends the address as it may be shown: every secret replaced. */
MUST_USE int exchange_show_url(
    const struct exchange *exchange, struct buf *out, struct err *err);

/* Whether the request may be on its way now: freeing the exchange then leaves its outcome open. */
bool exchange_is_sent(const struct exchange *exchange);

/* Abandons the call if it is under way; its slot is held for a window and a guard. NULL is fine. */
void exchange_free(struct exchange *exchange);
