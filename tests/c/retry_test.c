#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/loop.h"
#include "core/retry.h"
#include "core/slots_budget.h"
#include "core/throttle.h"

enum { NOT_SAID = -1, AFTER_MS = 7000 };

/* What a service may do to an attempt, and whether a read and a write are repeated after it. */
struct way {
    const char *name;
    struct retry_outcome outcome;
    enum retry_verdict read, write;
};

#define UNANSWERED(which, was_sent)                                                            \
    .kind = (which), .sent = (was_sent), .retry_after_ms = NOT_SAID
#define ANSWERED(code, after) .status = (code), .retry_after_ms = (after)
#define LIMIT .refused = true, .over_limit = true

static const struct way ways[] = {
    {"no connection", {UNANSWERED(ERR_NETWORK, SENT_NO)}, RETRY_PAUSED, RETRY_PAUSED},
    {"no connection in time", {UNANSWERED(ERR_TIMEOUT, SENT_NO)}, RETRY_PAUSED, RETRY_PAUSED},
    {"unanswered", {UNANSWERED(ERR_NETWORK, SENT_UNKNOWN)}, RETRY_PAUSED, RETRY_NO},
    {"unanswered in time", {UNANSWERED(ERR_TIMEOUT, SENT_UNKNOWN)}, RETRY_PAUSED, RETRY_NO},
    {"over a maximum", {UNANSWERED(ERR_DECODE, SENT_UNKNOWN)}, RETRY_NO, RETRY_NO},
    {"certificate refused", {UNANSWERED(ERR_NETWORK, SENT_NO), .hopeless = true}, RETRY_NO,
        RETRY_NO},
    {"answer spoilt for ever", {UNANSWERED(ERR_NETWORK, SENT_UNKNOWN), .hopeless = true},
        RETRY_NO, RETRY_NO},
    {"429", {ANSWERED(429, NOT_SAID), LIMIT}, RETRY_PAUSED, RETRY_PAUSED},
    {"429 with Retry-After", {ANSWERED(429, AFTER_MS), LIMIT}, RETRY_ASKED, RETRY_ASKED},
    {"500", {ANSWERED(500, NOT_SAID)}, RETRY_PAUSED, RETRY_NO},
    {"500 with Retry-After", {ANSWERED(500, AFTER_MS)}, RETRY_PAUSED, RETRY_NO},
    {"502", {ANSWERED(502, NOT_SAID)}, RETRY_PAUSED, RETRY_NO},
    {"502 with Retry-After", {ANSWERED(502, AFTER_MS)}, RETRY_PAUSED, RETRY_NO},
    {"503", {ANSWERED(503, NOT_SAID)}, RETRY_PAUSED, RETRY_NO},
    {"503 with Retry-After", {ANSWERED(503, AFTER_MS)}, RETRY_PAUSED, RETRY_NO},
    {"503 that names the limit", {ANSWERED(503, NOT_SAID), .over_limit = true}, RETRY_PAUSED,
        RETRY_NO},
    {"503 documented as a refusal", {ANSWERED(503, AFTER_MS), LIMIT}, RETRY_ASKED, RETRY_ASKED},
    {"503 documented as a refusal, but no limit named",
        {ANSWERED(503, AFTER_MS), .refused = true}, RETRY_PAUSED, RETRY_PAUSED},
    {"504", {ANSWERED(504, NOT_SAID)}, RETRY_PAUSED, RETRY_NO},
    {"504 with Retry-After", {ANSWERED(504, AFTER_MS)}, RETRY_PAUSED, RETRY_NO},
    {"501", {ANSWERED(501, NOT_SAID)}, RETRY_NO, RETRY_NO},
    {"501 with Retry-After", {ANSWERED(501, AFTER_MS)}, RETRY_NO, RETRY_NO},
    {"200", {ANSWERED(200, NOT_SAID)}, RETRY_NO, RETRY_NO},
    {"302 with Retry-After", {ANSWERED(302, AFTER_MS)}, RETRY_NO, RETRY_NO},
    {"400", {ANSWERED(400, NOT_SAID)}, RETRY_NO, RETRY_NO},
    {"401", {ANSWERED(401, NOT_SAID)}, RETRY_NO, RETRY_NO},
    {"403", {ANSWERED(403, NOT_SAID)}, RETRY_NO, RETRY_NO},
    {"404 with Retry-After", {ANSWERED(404, AFTER_MS)}, RETRY_NO, RETRY_NO},
    {"409", {ANSWERED(409, NOT_SAID)}, RETRY_NO, RETRY_NO},
};

enum { WAYS = sizeof ways / sizeof *ways };

static struct retry_outcome outcome_of(const struct way *way, bool write, int attempt)
{
    struct retry_outcome outcome = way->outcome;

    outcome.write = write;
    outcome.attempt = attempt;
    outcome.retry_after_max_ms = RETRY_AFTER_MAX_MS;
    outcome.left_ms = INT64_MAX;
    return outcome;
}

static void check_pause(const struct retry_outcome *outcome)
{
    int64_t asked_ms = outcome->retry_after_ms > 0 ? outcome->retry_after_ms : 0;
    int64_t most_ms = (int64_t)RETRY_BASE_MS << (outcome->attempt - 1), pause_ms = -1;

    assert_int_not_equal(retry_decide(outcome, 0, &pause_ms), RETRY_NO);
    assert_int_equal(pause_ms, asked_ms);
    assert_int_not_equal(retry_decide(outcome, 0.5, &pause_ms), RETRY_NO);
    assert_int_equal(pause_ms, asked_ms + most_ms / 2);
    assert_int_not_equal(retry_decide(outcome, 0.999999, &pause_ms), RETRY_NO);
    assert_in_range(pause_ms, asked_ms + most_ms - 2, asked_ms + most_ms);
}

static void check_way(const struct way *way, bool write, int attempt)
{
    struct retry_outcome outcome = outcome_of(way, write, attempt);
    enum retry_verdict want = write ? way->write : way->read;
    int64_t pause_ms = -1;
    enum retry_verdict got = retry_decide(&outcome, 0.5, &pause_ms);

    if (attempt >= RETRY_ATTEMPTS_MAX)
        want = RETRY_NO;
    if (got != want)
        fail_msg("%s of a %s, attempt %d: got %d, want %d", way->name, write ? "write" : "read",
            attempt, got, want);
    if (want == RETRY_NO)
        assert_int_equal(pause_ms, -1);
    else
        check_pause(&outcome);
}

static void every_outcome_has_its_verdict(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++)
        for (int attempt = 1; attempt <= RETRY_ATTEMPTS_MAX + 1; attempt++) {
            check_way(&ways[i], false, attempt);
            check_way(&ways[i], true, attempt);
        }
}

/* Promise 2, told apart from the table: of a write nothing is repeated but what was not
   done. */
static void a_write_is_repeated_only_when_nothing_was_done(void **state)
{
    int64_t pause_ms;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        struct retry_outcome outcome = outcome_of(&ways[i], true, 1);
        bool nothing_done = outcome.status ? outcome.refused : outcome.sent == SENT_NO;

        if (retry_decide(&outcome, 0, &pause_ms) != RETRY_NO)
            assert_true(nothing_done);
    }
}

static enum retry_verdict asked(int64_t after_ms, int64_t max_ms, int64_t left_ms)
{
    const struct retry_outcome outcome = {ANSWERED(429, after_ms), LIMIT, .attempt = 1,
        .retry_after_max_ms = max_ms, .left_ms = left_ms};
    int64_t pause_ms = INT64_MAX;
    enum retry_verdict verdict = retry_decide(&outcome, 0.999, &pause_ms);

    if (verdict != RETRY_NO) {
        assert_true(pause_ms >= after_ms);
        assert_true(pause_ms < left_ms);
    }
    return verdict;
}

static void a_pause_beyond_the_maximum_or_the_deadline_is_not_begun(void **state)
{
    const int64_t max_ms = RETRY_AFTER_MAX_MS;

    (void)state;
    assert_int_equal(asked(max_ms, max_ms, INT64_MAX), RETRY_ASKED);
    assert_int_equal(asked(max_ms + 1, max_ms, INT64_MAX), RETRY_NO);
    assert_int_equal(asked(1000, 999, INT64_MAX), RETRY_NO);
    assert_int_equal(asked(1000, max_ms, 1001), RETRY_ASKED);
    assert_int_equal(asked(1000, max_ms, 1000), RETRY_NO);
    assert_int_equal(asked(0, max_ms, 0), RETRY_NO);
    assert_int_equal(asked(0, max_ms, -5), RETRY_NO);
}

static void a_chosen_pause_ends_before_the_deadline(void **state)
{
    const struct retry_outcome outcome = {ANSWERED(500, NOT_SAID), .attempt = 1,
        .retry_after_max_ms = RETRY_AFTER_MAX_MS, .left_ms = RETRY_BASE_MS / 2};
    int64_t pause_ms;

    (void)state;
    assert_int_equal(retry_decide(&outcome, 0.49, &pause_ms), RETRY_PAUSED);
    assert_int_equal(retry_decide(&outcome, 0.5, &pause_ms), RETRY_NO);
}

static bool holds(int status, int64_t after_ms)
{
    const struct retry_outcome outcome = {
        ANSWERED(status, after_ms), .retry_after_max_ms = RETRY_AFTER_MAX_MS};

    return retry_holds_others(&outcome);
}

static void a_pause_of_the_service_holds_others(void **state)
{
    (void)state;
    assert_true(holds(429, 1));
    assert_true(holds(503, RETRY_AFTER_MAX_MS));
    assert_true(holds(503, RETRY_AFTER_MAX_MS + 1)); /* others fail at once, with the time */
    assert_false(holds(429, 0));
    assert_false(holds(429, NOT_SAID));
    assert_false(holds(500, 1000));
    assert_false(holds(0, NOT_SAID));
}

/* ---- Retry-After ---- */

#define NOW "Sun, 06 Nov 1994 08:49:37 GMT"
#define NOW_MS INT64_C(784111777000)

static void a_retry_after_is_read(void **state)
{
    static const struct {
        const char *value, *date;
        double want;
    } rows[] = {
        {"0", NULL, 0},
        {"120", NULL, 120},
        {"1.5", NULL, 1.5},
        {"86400000000000", NULL, 1e9},
        {"-1", NULL, -1},
        {"nan", NULL, -1},
        {"inf", NULL, -1},
        {"", NULL, -1},
        {"soon", NULL, -1},
        {"30 seconds", NULL, -1},
        {"Sun, 06 Nov 1994 08:50:07 GMT", NOW, 30},
        {"Sunday, 06-Nov-94 08:50:07 GMT", NOW, 30},
        {"Sun Nov  6 08:50:07 1994", NOW, 30},
        {"Sun, 06 Nov 1994 08:49:37 GMT", NOW, 0},
        {"Sun, 06 Nov 1994 08:49:07 GMT", NOW, 0},
        {"Sun, 06 Nov 1994 08:50:07 GMT", NULL, 30},
        {"Sun, 06 Nov 1994 08:50:07 GMT", "yesterday", 30},
        {"Mon, 01 Jan 2001 00:10:00 GMT", "Mon, 01 Jan 2001 00:00:00 GMT", 600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double got = retry_after_s(rows[i].value, rows[i].date, NOW_MS);

        if (got < rows[i].want || got > rows[i].want)
            fail_msg("%s: got %g, want %g", rows[i].value, got, rows[i].want);
    }
}

/* ---- the budget ---- */

enum { FIRST_FREE = SLOTS_BUDGET_FIRST / SLOTS_BUDGET_COST };

/* `calls` calls to a service that is down for all: how many repetitions they make. */
static int storm(struct throttle *throttle, int calls)
{
    int repetitions = 0;

    for (int i = 0; i < calls; i++) {
        struct throttle_waiter waiter = {.priority = PRIORITY_NORMAL};
        struct err err;

        assert_int_equal(throttle_take(throttle, &waiter, &err), 1);
        throttle_release(throttle, &waiter, SENT_NO);
        for (int attempt = 1; attempt < RETRY_ATTEMPTS_MAX; attempt++)
            repetitions += throttle_spend_retry(throttle);
    }
    return repetitions;
}

static int storm_in(const char *folder, int calls)
{
    const struct throttle_spec spec = {
        .service = "s", .folder = folder, .name = "budget", .limit = 100, .window_ms = 1000};
    struct throttle *throttle;
    struct loop *loop;
    struct err err;
    int repetitions;

    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(throttle_new(&throttle, loop, &spec, &err), 0);
    repetitions = storm(throttle, calls);
    throttle_free(throttle);
    loop_free(loop);
    return repetitions;
}

static void an_outage_is_amplified_by_a_tenth(void **state)
{
    int repetitions = storm_in(NULL, 10000);

    (void)state;
    print_message("10000 calls, service down: %d repetitions\n", repetitions);
    assert_in_range(repetitions, 1000, 1000 + FIRST_FREE);
}

/* After good times no more is saved up than SLOTS_BUDGET_MAX. */
static void the_budget_has_a_maximum(void **state)
{
    struct slots *slots = malloc(sizeof *slots);
    int repetitions = 0;

    (void)state;
    assert_non_null(slots);
    slots_init(slots, &(struct slots_start){.boot_id = "boot", .first_id = 1});
    for (int i = 0; i < 100000; i++)
        slots_budget_earn(slots);
    while (slots_budget_spend(slots))
        repetitions++;
    assert_int_equal(repetitions, SLOTS_BUDGET_MAX / SLOTS_BUDGET_COST);
    free(slots);
}

static void run_child(const char *folder, int out, int calls)
{
    int repetitions = storm_in(folder, calls);

    _exit(write(out, &repetitions, sizeof repetitions) == sizeof repetitions ? 0 : 1);
}

static void processes_share_the_budget(void **state)
{
    enum { PROCESSES = 4, CALLS = 500 };
    char folder[] = "/tmp/retry_test.XXXXXX", command[64];
    int pipes[2], all = 0, one, status;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < PROCESSES; i++)
        if (!fork())
            run_child(folder, pipes[1], CALLS);
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(read(pipes[0], &one, sizeof one), sizeof one);
        all += one;
        assert_true(wait(&status) > 0 && status == 0);
    }
    print_message("%d processes, %d calls each: %d repetitions\n", PROCESSES, CALLS, all);
    assert_in_range(all, PROCESSES * CALLS / 10, PROCESSES * CALLS / 10 + FIRST_FREE);
    close(pipes[0]);
    close(pipes[1]);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_has_its_verdict),
        cmocka_unit_test(a_write_is_repeated_only_when_nothing_was_done),
        cmocka_unit_test(a_pause_beyond_the_maximum_or_the_deadline_is_not_begun),
        cmocka_unit_test(a_chosen_pause_ends_before_the_deadline),
        cmocka_unit_test(a_pause_of_the_service_holds_others),
        cmocka_unit_test(a_retry_after_is_read),
        cmocka_unit_test(an_outage_is_amplified_by_a_tenth),
        cmocka_unit_test(the_budget_has_a_maximum),
        cmocka_unit_test(processes_share_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
