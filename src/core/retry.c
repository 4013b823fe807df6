#include "core/retry.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/expiry.h"

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

static bool is_asked(const struct retry_outcome *outcome)
{
    return outcome->status && outcome->retry_after_ms >= 0;
}

static int64_t backoff_ms(int attempt, double chance)
{
    int64_t most_ms = (int64_t)RETRY_BASE_MS << (attempt - 1);

    if (most_ms > RETRY_PAUSE_MAX_MS)
        most_ms = RETRY_PAUSE_MAX_MS;
    return (int64_t)((double)most_ms * chance);
}

/* Whoever is asked to wait until the same instant does not come back all at once. */
static int64_t choose_pause_ms(const struct retry_outcome *outcome, double chance)
{
    int64_t least_ms = is_asked(outcome) ? outcome->retry_after_ms : 0;
    int64_t pause_ms = least_ms + backoff_ms(outcome->attempt, chance);

    return is_asked(outcome) && pause_ms >= outcome->left_ms ? least_ms : pause_ms;
}

int64_t retry_left_ms(bool write, int64_t left_ms)
{
    return write && left_ms != INT64_MAX ? left_ms - RETRY_WRITE_MIN_MS : left_ms;
}

enum retry_verdict retry_decide(
    const struct retry_outcome *outcome, double chance, int64_t *pause_ms)
{
    if (outcome->attempt >= RETRY_ATTEMPTS_MAX || !is_passing(outcome) || !is_safe(outcome))
        return RETRY_NO;
    if (is_asked(outcome) && outcome->retry_after_ms > outcome->retry_after_max_ms)
        return RETRY_NO;
    *pause_ms = choose_pause_ms(outcome, chance);
    if (*pause_ms >= outcome->left_ms)
        return RETRY_NO;
    return is_asked(outcome) && outcome->over_limit ? RETRY_ASKED : RETRY_PAUSED;
}

/* Full jitter needs no good randomness, only one that differs between processes. */
double retry_chance(void)
{
    static unsigned short state[3];

    if (!state[0] && getrandom(state, sizeof state, 0) != sizeof state)
        state[0] = (unsigned short)getpid();
    return erand48(state);
}

bool retry_holds_others(const struct retry_outcome *outcome)
{
    return (outcome->status == 429 || outcome->status == 503) && outcome->retry_after_ms > 0;
}

static double seconds_until(const char *then, const char *now, int64_t wall_ms)
{
    int64_t then_ms = expiry_from_http_date(then);
    int64_t now_ms = now ? expiry_from_http_date(now) : -1;

    if (now_ms < 0)
        now_ms = wall_ms;
    if (then_ms < 0)
        return -1;
    return then_ms > now_ms ? (double)(then_ms - now_ms) / 1000 : 0;
}

double retry_after_s(const char *retry_after, const char *date, int64_t wall_ms)
{
    const double most_s = 1e9; /* so that milliseconds stay integers */
    char *end;
    double seconds = strtod(retry_after, &end);

    if (end == retry_after || *end)
        return seconds_until(retry_after, date, wall_ms);
    if (!isfinite(seconds) || seconds < 0)
        return -1;
    return seconds < most_s ? seconds : most_s;
}
