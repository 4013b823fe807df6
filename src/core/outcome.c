#include "core/outcome.h"

#include <string.h>

#include "core/account.h"
#include "core/buf.h"
#include "core/http.h"

/* What a service documents as "over the limit, nothing done": 429, or for some 503 with
   Retry-After. */
static bool is_refusal(const struct account *account, const struct retry_outcome *outcome)
{
    return outcome->status == 429 || (outcome->status == 503 && outcome->retry_after_ms >= 0 &&
                                         account_refuses_by_503(account));
}

/* A 503 may also be an outage; TeamWork Live says "Rate Limit Exceeded" in that of a limit. */
static bool is_over_limit(const struct http_response *answer)
{
    return answer->status == 429 ||
           (answer->status == 503 && strcasestr(buf_text(&answer->body), "rate limit"));
}

struct retry_outcome outcome_of_answer(
    const struct account *account, const struct http_response *answer)
{
    double after_s = http_response_retry_after(answer);
    struct retry_outcome outcome = {
        .status = answer->status,
        .over_limit = is_over_limit(answer),
        .retry_after_ms = after_s < 0 ? -1 : (int64_t)(after_s * 1000),
        .retry_after_max_ms = account_retry_after_max_ms(account),
    };

    outcome.refused = is_refusal(account, &outcome);
    return outcome;
}

struct retry_outcome outcome_of_failure(
    const struct http_transfer *transfer, const struct err *err)
{
    return (struct retry_outcome){
        .retry_after_ms = -1,
        .kind = err->kind,
        .sent = err->sent,
        .hopeless = http_transfer_is_hopeless(transfer),
    };
}

struct retry_outcome outcome_of_login(
    const struct account *account, const struct err *err, bool hopeless)
{
    bool refused = err->kind == ERR_RATE_LIMITED;

    return (struct retry_outcome){
        .write = true,
        .status = refused ? 429 : 0,
        .refused = refused,
        .over_limit = refused,
        .retry_after_ms = err->retry_after > 0 ? (int64_t)(err->retry_after * 1000) : -1,
        .retry_after_max_ms = account_retry_after_max_ms(account),
        .kind = err->kind,
        .sent = err->sent,
        .hopeless = hopeless,
    };
}
