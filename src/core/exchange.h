/* exchange: one call, from the decision to send it to its outcome: it waits for a session and a
   slot, sends, logs in again after a 401 and repeats what is certain not to have happened. A
   write is on the wire once, unless the service refused the login (401). */
#pragma once
#include <stdbool.h>

#include "core/err.h"
#include "core/exchange_request.h"

struct buf;
struct exchange;
struct http;
struct http_response;
struct loop;

/* `done` is called once, from the loop or, where nothing is sent, before this returns. The
   request's headers are taken over in any case. */
MUST_USE int exchange_start(struct exchange **out, struct loop *loop, struct http *http,
    struct exchange_request *request, void (*done)(void *context), void *context,
    struct err *err);

/* For a gated call: whether it stands at the gate, with its slot, the request not yet sent; and
   let it go on. `done` is then called again at its end. It may end without having come to the
   gate. */
bool exchange_is_at_gate(const struct exchange *exchange);
void exchange_go(struct exchange *exchange);

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

/* Whether the request may be on its way now: freeing the exchange then leaves its outcome
   open. */
bool exchange_is_sent(const struct exchange *exchange);

/* Abandons the call if it is under way; its slot is held for a window and a guard. NULL is
   fine. */
void exchange_free(struct exchange *exchange);
