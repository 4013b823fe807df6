/* retry: whether a call is repeated, and after how long. It knows no clock and no network. A write is
   repeated only when the service certainly did nothing. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum {
    RETRY_ATTEMPTS_MAX = 5,
    RETRY_BASE_MS = 500, /* the first pause is up to this; each further one up to twice */
    RETRY_PAUSE_MAX_MS = 30000,          /* of the pauses that we choose */
    RETRY_AFTER_MAX_MS = 15 * 60 * 1000, /* of those that a service asks for */
};

/* How an attempt ended. */
struct retry_outcome {
    bool write;
    int attempt;            /* from 1 */
    int status;             /* of the answer; 0: there was none */
    bool refused;           /* the status means: over the limit, nothing done */
    int64_t retry_after_ms; /* that the answer asks for; -1: it does not say */
    enum err_kind kind;     /* why there was no answer */
    enum err_sent sent;     /* likewise */
    bool hopeless;          /* it would fail again: a refused certificate, say */
};

enum retry_verdict {
    RETRY_NO,
    RETRY_ASKED, /* after the pause that the service asks for; costs no budget */
    RETRY_PAUSED /* after a pause of our choice, if the budget allows it */
};

/* Sets `pause_ms` unless the verdict is RETRY_NO. `chance` is uniform from 0 to 1 (full jitter). */
enum retry_verdict retry_decide(
    const struct retry_outcome *outcome, double chance, int64_t *pause_ms);
