#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "core/expiry.h"

/* 2026-03-01T12:30:45 UTC */
#define INSTANT 1772368245000

static const struct {
    const char *text;
    int64_t want;
} texts[] = {
    {"2026-03-01T12:30:45Z", INSTANT},
    {"2026-03-01t12:30:45z", INSTANT},
    {"2026-03-01T12:30:45", INSTANT},
    {"2026-03-01 12:30:45", INSTANT},
    {"2026-03-01 12:30:45 UTC", INSTANT},
    {"2026-03-01T12:30:45.999Z", INSTANT},
    {"2026-03-01T12:30:45,123456789+00:00", INSTANT},
    {"2026-03-01T13:30:45+01:00", INSTANT},
    {"2026-03-01T13:30:45+0100", INSTANT},
    {"2026-03-01T13:30:45 +01", INSTANT},
    {"2026-03-01T02:00:45-10:30", INSTANT},
    {"2026-03-01T12:30Z", INSTANT - 45000},
    {"2026-03-01 12:30", INSTANT - 45000},
    {"2026-03-02T00:30:45+12:00", INSTANT},
    {"1772368245", INSTANT},
    {"1772368245000", INSTANT},
    {" 1772368245", INSTANT},
    {"1772368245.5", INSTANT + 500},
    {"", -1},
    {"soon", -1},
    {"2026-03-01", -1},
    {"2026-13-01T00:00:00Z", -1},
    {"2026-03-01T25:00:00Z", -1},
    {"2026-03-01T12:30:45 Mars", -1},
    {"2026-03-01T12:30:45Zebra", -1},
    {"12:30:45", -1},
    {"-5", -1},
    {"0", -1},
    {"nan", -1},
    {"inf", -1},
    {"1e300", -1},
    {"9999999999999999999999", -1},
};

static void all_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t got = expiry_from_text(texts[i].text);

        if (got != texts[i].want)
            fail_msg("%s: %lld", texts[i].text, (long long)got);
    }
}

static void forms(void **state)
{
    (void)state;
    all_texts();
}

static void the_local_zone_does_not_matter(void **state)
{
    (void)state;
    setenv("TZ", "America/Caracas", 1);
    tzset();
    all_texts();
    setenv("TZ", "UTC", 1);
    tzset();
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(expiry_from_number(1772368245), INSTANT);
    assert_int_equal(expiry_from_number(1772368245e3), INSTANT);
    assert_int_equal(expiry_from_number(99999999999.0), 99999999999000);
    assert_int_equal(expiry_from_number(1e11), 100000000000);
    assert_int_equal(expiry_from_number(0), -1);
    assert_int_equal(expiry_from_number(-1), -1);
    assert_int_equal(expiry_from_number(1e16), -1);
    assert_int_equal(expiry_from_number((double)NAN), -1);
    assert_int_equal(expiry_from_number((double)INFINITY), -1);
}

static void http_dates(void **state)
{
    (void)state;
    assert_int_equal(expiry_from_http_date("Sun, 01 Mar 2026 12:30:45 GMT"), INSTANT);
    assert_int_equal(expiry_from_http_date("Sunday, 01-Mar-26 12:30:45 GMT"), INSTANT);
    assert_int_equal(expiry_from_http_date("Sun Mar  1 12:30:45 2026"), INSTANT);
    assert_int_equal(expiry_from_http_date("tomorrow"), -1);
    assert_int_equal(expiry_from_http_date(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(the_local_zone_does_not_matter),
        cmocka_unit_test(numbers),
        cmocka_unit_test(http_dates),
    };

    return cmocka_run_group_tests_name("expiry", tests, NULL, NULL);
}
