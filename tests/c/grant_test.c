#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/grant.h"
#include "core/secret.h"

static const struct grant_paths paths = {
    .token = "tws_token.tws_token_data",
    .expires = {"tws_token.tws_token_expires_at", "tws_token_expires_at"},
    .values = {NULL, "tws_memberships.1.id"},
};

static struct err err;

static int read_answer(struct grant *grant, const char *text, const char *date)
{
    return grant_from_answer(grant, &paths, text, strlen(text), date, &err);
}

#define ANSWER(token, id, more)                                                                \
    "{\"tws_token\":{\"tws_token_data\":" token "},\"tws_memberships\":[{\"id\":" id "}]" more \
    "}"

static void the_token_and_the_values_are_found(void **state)
{
    struct grant grant;

    (void)state;
    assert_int_equal(read_answer(&grant, ANSWER("\"TOKEN\"", "\"M-1\"", ""), NULL), 0);
    assert_string_equal(secret_value(grant.token), "TOKEN");
    assert_null(grant.values[0]);
    assert_string_equal(grant.values[1], "M-1");
    assert_true(grant.renew_at_ms == INT64_MAX);
    assert_true(grant_is_fresh(&grant));
    grant_fini(&grant);
    assert_false(grant_is_fresh(&grant));
    assert_int_equal(read_answer(&grant, ANSWER("\"TOKEN\"", "9007199254740993", ""), NULL), 0);
    assert_string_equal(grant.values[1], "9007199254740993");
    grant_fini(&grant);
}

static void answers_without_a_grant_are_refused(void **state)
{
    static const char *const answers[] = {"", "<html>", "[]", "null", "{}", "{\"tws_token\":5}",
        "{\"tws_token\":{\"tws_token_data\":\"TOKEN\"}}", ANSWER("5", "\"M\"", ""),
        ANSWER("\"\"", "\"M\"", ""), ANSWER("\"ab\"", "\"M\"", ""),
        ANSWER("\"TOK\\r\\nEN\"", "\"M\"", ""), ANSWER("\"TOK\\u0000EN\"", "\"M\"", ""),
        ANSWER("\"TOK\\u001bEN\"", "\"M\"", ""), ANSWER("\"TOKEN\"", "\"\"", ""),
        ANSWER("\"TOKEN\"", "\"M\\n\"", ""), ANSWER("\"TOKEN\"", "1.5", ""),
        ANSWER("\"TOKEN\"", "null", ""), ANSWER("\"TOKEN\"", "\"M\"", "") "x"};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct grant grant;

        if (!read_answer(&grant, answers[i], NULL))
            fail_msg("accepted: %s", answers[i]);
        assert_int_equal(err.kind, ERR_DECODE);
        assert_null(strstr(err.message, "TOK"));
        assert_null(grant.token);
    }
}

static int64_t life_ms(const char *expires, const char *date)
{
    char answer[300];
    struct grant grant;
    int64_t life;

    snprintf(answer, sizeof answer, ANSWER("\"TOKEN\"", "1", ",\"tws_token_expires_at\":%s"),
        expires);
    assert_int_equal(read_answer(&grant, answer, date), 0);
    life = grant.renew_at_ms == INT64_MAX ? -1 : grant.renew_at_ms - clock_wall_ms();
    grant_fini(&grant);
    return life;
}

static void assert_about(int64_t got_ms, int64_t want_ms)
{
    if (got_ms < want_ms - 5000 || got_ms > want_ms)
        fail_msg("%lld instead of %lld", (long long)got_ms, (long long)want_ms);
}

/* The service's clock is at 2030, whatever ours says. */
static void a_life_is_measured_by_the_services_clock(void **state)
{
    static const char date[] = "Tue, 01 Jan 2030 00:00:00 GMT";

    (void)state;
    assert_about(life_ms("\"2030-01-01T01:00:00Z\"", date), 3600000 - 999 - 60000);
    assert_about(life_ms("\"2030-01-01 01:00:00\"", date), 3600000 - 999 - 60000);
    assert_about(life_ms("1893459600", date), 3600000 - 999 - 60000);
    assert_about(life_ms("1893459600000", date), 3600000 - 999 - 60000);
    assert_about(life_ms("\"2030-01-01T00:01:41Z\"", date), 90900);
    assert_int_equal(life_ms("\"2030-01-01T00:00:00Z\"", date), -1);
    assert_int_equal(life_ms("\"2029-12-31T23:00:00Z\"", date), -1);
    assert_int_equal(life_ms("\"never\"", date), -1);
    assert_int_equal(life_ms("null", date), -1);
    assert_int_equal(life_ms("true", date), -1);
}

static void without_a_date_our_clock_counts(void **state)
{
    char text[32];

    (void)state;
    snprintf(text, sizeof text, "%lld", (long long)time(NULL) + 7200);
    assert_about(life_ms(text, NULL), 7200000 - 60000);
    assert_about(life_ms(text, "no date"), 7200000 - 60000);
}

static void a_grant_survives_as_text(void **state)
{
    struct grant grant, again;
    struct buf text;

    (void)state;
    buf_init(&text, 10000);
    assert_int_equal(read_answer(&grant, ANSWER("\"TOKEN\"", "7", ""), NULL), 0);
    grant.renew_at_ms = 123456789012345;
    assert_int_equal(grant_to_text(&grant, &text, &err), 0);
    assert_int_equal(grant_from_text(&again, text.data, text.len, &err), 0);
    assert_string_equal(secret_value(again.token), "TOKEN");
    assert_null(again.values[0]);
    assert_string_equal(again.values[1], "7");
    assert_true(again.renew_at_ms == grant.renew_at_ms);
    for (size_t len = text.len; len-- > 0;) {
        struct grant broken;

        text.data[len] = '\0';
        assert_int_equal(grant_from_text(&broken, text.data, len, &err), -1);
    }
    grant_fini(&grant);
    grant_fini(&again);
    buf_wipe(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_and_the_values_are_found),
        cmocka_unit_test(answers_without_a_grant_are_refused),
        cmocka_unit_test(a_life_is_measured_by_the_services_clock),
        cmocka_unit_test(without_a_date_our_clock_counts),
        cmocka_unit_test(a_grant_survives_as_text),
    };

    return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
