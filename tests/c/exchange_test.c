#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <sys/file.h>

#include "core/account.h"
#include "core/clock.h"
#include "core/exchange.h"
#include "core/http.h"
#include "core/loop.h"
#include "core/secret.h"
#include "core/retry.h"
#include "core/throttle.h"
#include "raw_server.h"

static struct raw_server server;
static struct loop *loop;
static struct http *http;
static struct secret *password;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    return raw_server_start(&server) || loop_new(&loop, &err) || http_new(&http, loop, &err) ||
           secret_new(&password, "PASS-WORD", 9, "password", &err);
}

static int tear_down(void **state)
{
    (void)state;
    secret_unref(password);
    http_free(http);
    loop_free(loop);
    raw_server_stop(&server);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    loop_set_deadline(loop, INT64_MAX);
    atomic_store(&server.counts->refusals, 0);
    return 0;
}

/* Each has a user of its own, and so a throttle of its own. */
static struct account *open_account(enum auth_kind kind, const char *login_path)
{
    static int number;
    struct account *account = NULL;
    char user[20];
    struct account_spec spec = {
        .service = "test",
        .url = server.url,
        .limit = 100,
        .window_ms = 60000,
        .retry_after_max_ms = 60000,
        .auth = {.kind = kind},
        .login_path = login_path,
        .session = {.url = NULL, .username = user, .password = password, .token_path = "token"},
    };

    sprintf(user, "user-%d", ++number);
    if (kind == AUTH_BASIC) {
        spec.auth.user = user;
        spec.auth.secret = password;
    }
    assert_int_equal(account_new(&account, loop, http, &spec, &err), 0);
    return account;
}

static void set_flag(void *context)
{
    *(bool *)context = true;
}

static struct exchange *begin(
    struct account *account, const char *method, const char *path, bool *done)
{
    struct exchange *exchange = NULL;
    char url[100];
    struct exchange_request request = {.account = account,
        .method = method,
        .url = url,
        .write = *method != 'G',
        .timeout_ms = 300,
        .body_max = 1000,
        .priority = PRIORITY_NORMAL};

    sprintf(url, "%s%s", server.url, path);
    *done = false;
    assert_int_equal(exchange_start(&exchange, loop, http, &request, set_flag, done, &err), 0);
    return exchange;
}

static struct exchange *perform(struct account *account, const char *method, const char *path)
{
    bool done;
    struct exchange *exchange = begin(account, method, path, &done);

    while (!done)
        assert_int_equal(loop_turn(loop, -1, &err), 0);
    return exchange;
}

static int used(struct account *account)
{
    struct throttle_stats stats;

    throttle_stats(account_throttle(account), &stats);
    return stats.used;
}

static void assert_status(struct exchange *exchange, int status, int attempts)
{
    assert_non_null(exchange_answer(exchange));
    assert_int_equal(exchange_answer(exchange)->status, status);
    assert_int_equal(exchange_attempts(exchange), attempts);
    exchange_free(exchange);
}

static void assert_error(
    struct exchange *exchange, enum err_kind kind, enum err_sent sent, int attempts)
{
    const struct err *error = exchange_error(exchange);

    assert_null(exchange_answer(exchange));
    if (error->kind != kind)
        fail_msg("%s: %s", err_kind_name(error->kind), error->message);
    assert_int_equal(error->sent, sent);
    assert_int_equal(error->attempts, attempts);
    exchange_free(exchange);
}

static void every_call_takes_one_slot(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);

    (void)state;
    assert_status(perform(account, "GET", "/ok"), 200, 1);
    assert_status(perform(account, "POST", "/ok"), 200, 1);
    assert_int_equal(used(account), 2);
    account_free(account);
}

static void a_call_needs_no_account(void **state)
{
    (void)state;
    assert_status(perform(NULL, "GET", "/ok"), 200, 1);
}

static void a_write_without_an_answer_is_of_unknown_outcome(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);

    (void)state;
    assert_error(perform(account, "POST", "/close"), ERR_UNKNOWN_OUTCOME, SENT_UNKNOWN, 1);
    assert_error(perform(account, "PUT", "/stall"), ERR_UNKNOWN_OUTCOME, SENT_UNKNOWN, 1);
    assert_error(perform(account, "DELETE", "/cut"), ERR_UNKNOWN_OUTCOME, SENT_UNKNOWN, 1);
    assert_int_equal(used(account), 3);
    assert_error(perform(NULL, "GET", "/stall"), ERR_TIMEOUT, SENT_UNKNOWN, 1);
    account_free(account);
}

static void a_read_on_a_dying_connection_is_repeated_once(void **state)
{
    int before;

    (void)state;
    assert_status(perform(NULL, "GET", "/ok"), 200, 1);
    before = server.counts->requests;
    assert_error(perform(NULL, "GET", "/close"), ERR_NETWORK, SENT_UNKNOWN, 2);
    assert_int_equal(server.counts->requests - before, 2);
}

static void a_cancelled_call_gives_its_slot_back_if_it_was_not_sent(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);
    struct exchange *exchange;
    int before = server.counts->requests;
    bool done;

    (void)state;
    exchange = begin(account, "POST", "/stall", &done);
    assert_false(exchange_is_sent(exchange));
    exchange_free(exchange);
    assert_int_equal(used(account), 0);
    exchange = begin(account, "POST", "/stall", &done);
    while (server.counts->requests == before)
        assert_int_equal(loop_turn(loop, 1, &err), 0);
    assert_true(exchange_is_sent(exchange));
    exchange_free(exchange);
    assert_int_equal(used(account), 1);
    assert_false(done);
    account_free(account);
}

static void a_401_leads_to_one_login_and_one_repeat(void **state)
{
    struct account *account = open_account(AUTH_SESSION, "/login");
    int logins = server.counts->logins;

    (void)state;
    assert_status(perform(account, "GET", "/ok"), 200, 1);
    assert_int_equal(server.counts->logins - logins, 1);
    atomic_store(&server.counts->refusals, 1);
    assert_status(perform(account, "POST", "/refuse"), 200, 2);
    assert_int_equal(server.counts->logins - logins, 2);
    atomic_store(&server.counts->refusals, 5);
    assert_status(perform(account, "POST", "/refuse"), 401, 2);
    assert_int_equal(server.counts->logins - logins, 3);
    assert_int_equal(used(account), 3 + 5);
    account_free(account);
}

static void many_401s_at_once_lead_to_one_login(void **state)
{
    enum { MANY = 20 };
    struct account *account = open_account(AUTH_SESSION, "/login");
    struct exchange *exchanges[MANY];
    int logins = server.counts->logins;
    bool done[MANY];

    (void)state;
    assert_status(perform(account, "GET", "/member"), 200, 1);
    atomic_store(&server.counts->refusals, server.counts->logins);
    for (int i = 0; i < MANY; i++)
        exchanges[i] = begin(account, "GET", "/member", &done[i]);
    for (int i = 0; i < MANY; i++) {
        while (!done[i])
            assert_int_equal(loop_turn(loop, -1, &err), 0);
        assert_status(exchanges[i], 200, 2);
    }
    assert_int_equal(server.counts->logins - logins, 2);
    account_free(account);
}

static void a_login_that_fails_is_not_the_calls_own(void **state)
{
    struct account *account;

    (void)state;
    account = open_account(AUTH_SESSION, "/close");
    assert_error(perform(account, "POST", "/ok"), ERR_NETWORK, SENT_NO, 0);
    assert_int_equal(used(account), 1);
    account_free(account);
    account = open_account(AUTH_SESSION, "/ok");
    assert_error(perform(account, "POST", "/ok"), ERR_DECODE, SENT_NO, 0);
    account_free(account);
}

static void three_refused_logins_are_the_last(void **state)
{
    struct account *account = open_account(AUTH_SESSION, "/refuse");
    int before = server.counts->requests;

    (void)state;
    atomic_store(&server.counts->refusals, 100);
    for (int i = 0; i < 6; i++)
        assert_error(perform(account, "GET", "/ok"), ERR_AUTH, SENT_NO, 0);
    assert_int_equal(server.counts->requests - before, 3);
    assert_int_equal(used(account), 3);
    account_free(account);
}

/* Removes the stored session of a folder that holds one; returns its lock, locked. Without a
   session it removes the lock and returns -1. */
static int forget_session(const char *folder)
{
    glob_t found;
    char pattern[100];
    int lock = -1;

    snprintf(pattern, sizeof pattern, "%s/session-*", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];

        if (!strstr(path, ".lock") || found.gl_pathc == 1)
            unlink(path);
        else
            lock = open(path, O_RDWR | O_CLOEXEC);
    }
    if (lock >= 0)
        assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    globfree(&found);
    return lock;
}

static void remove_limit(const char *folder)
{
    glob_t found;
    char pattern[100];

    snprintf(pattern, sizeof pattern, "%s/limit-*", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* Another process holds the lock of the state folder for good, as one that was stopped does. */
static void a_stuck_process_does_not_stop_the_others(void **state)
{
    char folder[] = "/tmp/exchange_test.XXXXXX";
    struct account_spec spec = {.service = "test",
        .url = server.url,
        .auth = {.kind = AUTH_SESSION},
        .login_path = "/login",
        .state_folder = folder,
        .session = {.username = "stuck",
            .password = password,
            .token_path = "token",
            .lock_patience_ms = 50}};
    struct account *first, *second;
    int logins = server.counts->logins, lock;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(account_new(&first, loop, http, &spec, &err), 0);
    assert_int_equal(account_new(&second, loop, http, &spec, &err), 0);
    assert_status(perform(first, "GET", "/ok"), 200, 1);
    lock = forget_session(folder);
    assert_status(perform(second, "GET", "/ok"), 200, 1);
    assert_int_equal(server.counts->logins - logins, 2);
    close(lock);
    account_free(first);
    account_free(second);
    close(forget_session(folder)); /* what the second one stored */
    assert_int_equal(forget_session(folder), -1);
    remove_limit(folder);
    assert_int_equal(rmdir(folder), 0);
}

static void waits_that_pass_the_deadline_are_not_begun(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);
    int64_t started_ms = clock_ms();

    (void)state;
    throttle_pause(account_throttle(account), 60000);
    loop_set_deadline(loop, clock_ms() + 20000);
    assert_error(perform(account, "POST", "/ok"), ERR_DEADLINE, SENT_NO, 0);
    assert_true(clock_ms() - started_ms < 10000);
    account_free(account);
}

static void the_deadline_ends_waits_of_every_kind(void **state)
{
    struct account *account = open_account(AUTH_SESSION, "/stall");

    (void)state;
    loop_set_deadline(loop, clock_ms() + 150);
    assert_error(perform(account, "POST", "/ok"), ERR_DEADLINE, SENT_NO, 0);
    account_free(account);

    loop_set_deadline(loop, clock_ms() + 50);
    assert_error(perform(NULL, "GET", "/stall"), ERR_DEADLINE, SENT_UNKNOWN, 1);
    loop_set_deadline(loop, clock_ms() + 200);
    assert_error(perform(NULL, "POST", "/stall"), ERR_UNKNOWN_OUTCOME, SENT_UNKNOWN, 1);
    assert_error(perform(NULL, "POST", "/ok"), ERR_DEADLINE, SENT_NO, 0);
}

static void a_write_is_not_begun_when_its_answer_would_come_too_late(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);

    (void)state;
    loop_set_deadline(loop, clock_ms() + RETRY_WRITE_MIN_MS);
    assert_error(perform(account, "POST", "/stall"), ERR_DEADLINE, SENT_NO, 0);
    account_free(account);
}

static void a_service_that_asks_for_a_pause_gets_it(void **state)
{
    struct account *account = open_account(AUTH_BASIC, NULL);
    struct exchange *exchange = perform(account, "GET", "/later");

    (void)state;
    assert_int_equal(exchange_attempts(exchange), RETRY_ATTEMPTS_MAX);
    assert_true(exchange_retry_after(exchange) > 0.04);
    assert_true(throttle_wait_ms(account_throttle(account), PRIORITY_HIGH) > 0);
    exchange_free(exchange);
    assert_status(perform(account, "GET", "/ok"), 200, 1);
    account_free(account);
}

static void bad_base_addresses_are_refused(void **state)
{
    static const char *const urls[] = {
        "http://example.com", "https://example.com/?a=b", "", "x"};
    struct account *account;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct account_spec spec = {.service = "test", .url = urls[i]};

        assert_int_equal(account_new(&account, loop, http, &spec, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_call_takes_one_slot, clear),
        cmocka_unit_test_teardown(a_call_needs_no_account, clear),
        cmocka_unit_test_teardown(a_write_without_an_answer_is_of_unknown_outcome, clear),
        cmocka_unit_test_teardown(a_read_on_a_dying_connection_is_repeated_once, clear),
        cmocka_unit_test_teardown(
            a_cancelled_call_gives_its_slot_back_if_it_was_not_sent, clear),
        cmocka_unit_test_teardown(a_401_leads_to_one_login_and_one_repeat, clear),
        cmocka_unit_test_teardown(many_401s_at_once_lead_to_one_login, clear),
        cmocka_unit_test_teardown(a_login_that_fails_is_not_the_calls_own, clear),
        cmocka_unit_test_teardown(three_refused_logins_are_the_last, clear),
        cmocka_unit_test_teardown(a_stuck_process_does_not_stop_the_others, clear),
        cmocka_unit_test_teardown(waits_that_pass_the_deadline_are_not_begun, clear),
        cmocka_unit_test_teardown(the_deadline_ends_waits_of_every_kind, clear),
        cmocka_unit_test_teardown(
            a_write_is_not_begun_when_its_answer_would_come_too_late, clear),
        cmocka_unit_test_teardown(a_service_that_asks_for_a_pause_gets_it, clear),
        cmocka_unit_test_teardown(bad_base_addresses_are_refused, clear),
    };

    return cmocka_run_group_tests_name("exchange", tests, set_up, tear_down);
}
