/* retry: whether a call is repeated, and after how long. It knows no clock and no network. A
   write is repeated only when the service certainly did nothing. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum {
    RETRY_ATTEMPTS_MAX = 5,
    RETRY_BASE_MS = 500, /* the first pause is up to this; each further one up to twice */
    RETRY_PAUSE_MAX_MS = 30000,          /* of the pauses that we choose */
    RETRY_AFTER_MAX_MS = 15 * 60 * 1000, /* of those that a service asks for, unless told */
    RETRY_WRITE_MIN_MS = 100,            /* hardly a service answers sooner */
};

/* How an attempt ended, and what the call may still take. */
struct retry_outcome {
    bool write;
    int attempt;                /* from 1 */
    int status;                 /* of the answer; 0: there was none */
    bool refused;               /* the status is documented to mean that nothing was done */
    bool over_limit;            /* the account's limit is used up; the service itself is well */
    int64_t retry_after_ms;     /* that the answer asks for; -1: it does not say */
    int64_t retry_after_max_ms; /* the most that is waited for */
    int64_t left_ms;            /* until the call's deadline; INT64_MAX: it has none */
    enum err_kind kind;         /* why there was no answer */
    enum err_sent sent;         /* likewise */
    bool hopeless;              /* it would fail again: a refused certificate, say */
};

enum retry_verdict {
    RETRY_NO,
    RETRY_ASKED, /* a used-up limit, and the service says until when: costs no budget */
    RETRY_PAUSED /* only if the budget allows it (slots.h) */
};

/* How much of the time left an attempt may still begin in: a write whose answer the deadline
   would cut off could only end as one of unknown outcome. */
int64_t retry_left_ms(bool write, int64_t left_ms);

/* Sets `pause_ms`, which ends before the deadline, unless the verdict is RETRY_NO. `chance` is
   uniform from 0 to 1 (full jitter). */
enum retry_verdict retry_decide(
    const struct retry_outcome *outcome, double chance, int64_t *pause_ms);

/* Such a chance. */
double retry_chance(void);

/* Whether the account's other calls, in every process, are to wait for as long as the answer
   asks. */
bool retry_holds_others(const struct retry_outcome *outcome);

/* Seconds that a Retry-After header asks for (RFC 9110 10.2.3). A date is measured against
   `date`, the answer's own Date; where that is NULL or no date, against `wall_ms`. -1: it says
   nothing. */
double retry_after_s(const char *retry_after, const char *date, int64_t wall_ms);
