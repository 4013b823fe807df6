#include "core/retry.h"

static bool is_failure_of_service(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

/* Whether it is certain that nothing was done, or harmless if it was. */
static bool is_safe(const struct retry_outcome *outcome)
{
    if (outcome->status)
        return outcome->refused || !outcome->write;
    return outcome->sent == SENT_NO || !outcome->write;
}

static bool is_passing(const struct retry_outcome *outcome)
{
    if (outcome->status)
        return outcome->refused || is_failure_of_service(outcome->status);
    return !outcome->hopeless && (outcome->kind == ERR_NETWORK || outcome->kind == ERR_TIMEOUT);
}

static int64_t backoff_ms(int attempt, double chance)
{
    int64_t most_ms = (int64_t)RETRY_BASE_MS << (attempt - 1);

    if (most_ms > RETRY_PAUSE_MAX_MS)
        most_ms = RETRY_PAUSE_MAX_MS;
    return (int64_t)((double)most_ms * chance);
}

enum retry_verdict retry_decide(
    const struct retry_outcome *outcome, double chance, int64_t *pause_ms)
{
    if (outcome->attempt >= RETRY_ATTEMPTS_MAX || !is_passing(outcome) || !is_safe(outcome))
        return RETRY_NO;
    if (outcome->status && outcome->retry_after_ms > RETRY_AFTER_MAX_MS)
        return RETRY_NO;
    if (outcome->status && outcome->retry_after_ms >= 0) {
        *pause_ms = outcome->retry_after_ms;
        return RETRY_ASKED;
    }
    *pause_ms = backoff_ms(outcome->attempt, chance);
    return RETRY_PAUSED;
}
