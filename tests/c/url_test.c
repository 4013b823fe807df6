#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/url.h"

static struct buf out;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, URL_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}

static void good_addresses(void **state)
{
    static const char *const urls[] = {"https://example.com", "https://example.com:8443/a?b=c",
        "HTTPS://EXAMPLE.com/", "http://127.0.0.1:80/", "http://[::1]:8080/x",
        "http://localhost/", "http://LocalHost:1/", "https://[2001:db8::1]/",
        "https://ex-ample.com/%20?q=%23", "https://10.0.0.1/"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (url_check(urls[i], strlen(urls[i]), &err))
            fail_msg("%s: %s", urls[i], err.message);
}

static void refused_addresses(void **state)
{
    static const char *const urls[] = {"", "example.com", "/path", "//example.com", "https://",
        "https:///", "http://example.com", "http://127.0.0.2/", "http://0.0.0.0/",
        "http://[::]/", "http://localhost.example.com/", "http://127.0.0.1.example.com/",
        "http://localhost./", "http://127.0.0.1@example.com/", "https://user@example.com/",
        "https://u:p@example.com/", "https://example.com/#", "https://example.com/a#b",
        "https://example.com/a b", "https://example.com/a\tb", "https://example.com/\r\nX: y",
        "https://ex\xc3\xa4mple.com/", "https://example.com/\x7f", "ftp://example.com/",
        "file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)",
        "https://example.com:99999/", "https://example.com:x/", "https://exa mple.com/",
        "https://[::1", "dict://localhost/"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        if (!url_check(urls[i], strlen(urls[i]), &err))
            fail_msg("accepted: %s", urls[i]);
        assert_int_equal(err.kind, ERR_USAGE);
    }
    assert_int_equal(url_check("https://a/\0b", 12, &err), -1);
}

static void every_byte_is_looked_at(void **state)
{
    char url[] = "https://example.com/abcdefghijklm";
    size_t len = strlen(url);

    (void)state;
    assert_int_equal(url_check(url, len, &err), 0);
    for (size_t at = 20; at < len; at++) {
        const char kept = url[at];

        for (int c = 0; c <= 255; c++) {
            bool is_good = c > ' ' && c <= '~' && c != '#';

            url[at] = (char)c;
            assert_int_equal(url_check(url, len, &err), is_good ? 0 : -1);
        }
        url[at] = kept;
    }
}

static void a_good_address_makes_no_other_good(void **state)
{
    static const char *const pairs[][2] = {
        {"http://127.0.0.1/", "http://127.0.0.1.example.com/"},
        {"http://127.0.0.1/", "http://127.0.0.1@example.com/"},
        {"http://127.0.0.1:1/", "http://127.0.0.1:1:2/"},
        {"http://127.0.0.1?a", "http://127.0.0.1a/?a"},
        {"http:///127.0.0.1/", "http:///example.com/"},
        {"https://example.com", "https://example.com:x"},
        {"https://a/://http://127.0.0.1/", "http://127.0.0.2/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int first = url_check(pairs[i][0], strlen(pairs[i][0]), &err);

        if (url_check(pairs[i][0], strlen(pairs[i][0]), &err) != first)
            fail_msg("judged anew: %s", pairs[i][0]);
        if (!url_check(pairs[i][1], strlen(pairs[i][1]), &err))
            fail_msg("accepted after %s: %s", pairs[i][0], pairs[i][1]);
    }
}

static void too_long_an_address(void **state)
{
    char *url = malloc(URL_MAX + 2);

    (void)state;
    memset(url, 'a', URL_MAX + 1);
    memcpy(url, "https://a/", 10);
    url[URL_MAX + 1] = '\0';
    assert_int_equal(url_check(url, URL_MAX + 1, &err), -1);
    assert_int_equal(url_check(url, URL_MAX, &err) == 0 || err.kind == ERR_USAGE, 1);
    free(url);
}

static void plain_or_not(void **state)
{
    (void)state;
    assert_true(url_is_plain("HTTP://localhost"));
    assert_false(url_is_plain("https://localhost"));
}

static void origins(void **state)
{
    static const struct {
        const char *url, *origin;
    } cases[] = {
        {"https://example.com/a?b", "https://example.com"},
        {"http://127.0.0.1:80", "http://127.0.0.1:80"},
        {"HTTP://[::1]:1?a/b", "HTTP://[::1]:1"},
        {"https://a#b/c", "https://a"},
        {"https:///a", ""},
        {"https:/a/b://c/d", ""},
        {"https:a", ""},
        {"ftp://a/b", ""},
        {"http", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(url_origin_len(cases[i].url), strlen(cases[i].origin));
}

static void every_byte_is_escaped_or_itself(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c, want[4];
        int same = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                   (c && strchr("-._~", c));

        buf_clear(&out);
        assert_int_equal(url_add_escaped(&out, &byte, 1, &err), 0);
        snprintf(want, sizeof want, same ? "%c" : "%%%02X", (unsigned char)c);
        assert_string_equal(out.data, want);
    }
}

static void segments(void **state)
{
    static const struct {
        const char *value;
        size_t len;
        const char *want; /* NULL: refused */
    } rows[] = {{"143415", 6, "143415"}, {"a/b", 3, "a%2Fb"}, {"..a", 3, "..a"},
        {"...", 3, "..."}, {"\xc3\xa4?", 3, "%C3%A4%3F"}, {"%2e", 3, "%252e"}, {" ", 1, "%20"},
        {"", 0, NULL}, {".", 1, NULL}, {"..", 2, NULL}, {"a\0b", 3, NULL}, {"a\rb", 3, NULL},
        {"a\n", 2, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got;

        buf_clear(&out);
        got = url_add_segment(&out, rows[i].value, rows[i].len, &err);
        assert_int_equal(got, rows[i].want ? 0 : -1);
        assert_string_equal(buf_text(&out), rows[i].want ? rows[i].want : "");
        assert_int_equal(url_is_segment(rows[i].value, rows[i].len),
            rows[i].want && !strcmp(rows[i].want, rows[i].value));
    }
}

static void queries(void **state)
{
    (void)state;
    assert_int_equal(buf_add_string(&out, "/a", &err), 0);
    assert_int_equal(url_add_query(&out, "x", 1, "1 2", 3, &err), 0);
    assert_int_equal(url_add_query(&out, "y&", 2, "", 0, &err), 0);
    assert_string_equal(out.data, "/a?x=1%202&y%26=");
    assert_int_equal(url_add_query(&out, "z", 1, "a\nb", 3, &err), -1);
    assert_int_equal(url_add_query(&out, "z\0", 2, "a", 1, &err), -1);
    assert_string_equal(out.data, "/a?x=1%202&y%26=");
}

static void joins(void **state)
{
    static const char *const rows[][3] = {
        {"https://a/v3", "/x", "https://a/v3/x"},
        {"https://a/v3//", "/x?y=z", "https://a/v3/x?y=z"},
        {"https://a", "/", "https://a/"},
        {"https://a", "/..x/x..?a=..", "https://a/..x/x..?a=.."},
        {"https://a", "/a?b=/../c", "https://a/a?b=/../c"},
        {"https://a", "x", NULL},
        {"https://a", "", NULL},
        {"https://a", "//b", NULL},
        {"https://a", "/..", NULL},
        {"https://a", "/a/../b", NULL},
        {"https://a", "/a/.", NULL},
        {"https://a", "/%2e%2E", NULL},
        {"https://a", "/.%2e/", NULL},
        {"https://a", "/%2E", NULL},
        {"https://a", "/..?x", NULL},
        {"https://a", "/a b", NULL},
        {"https://a", "/a\r\n", NULL},
        {"https://a", "/a#b", NULL},
        {"https://a", "/\xc3\xa4", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got;

        buf_clear(&out);
        got = url_join(&out, rows[i][0], rows[i][1], &err);
        if (got != (rows[i][2] ? 0 : -1))
            fail_msg("%s: %d", rows[i][1], got);
        if (rows[i][2])
            assert_string_equal(out.data, rows[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(refused_addresses),
        cmocka_unit_test(every_byte_is_looked_at),
        cmocka_unit_test(a_good_address_makes_no_other_good),
        cmocka_unit_test(too_long_an_address),
        cmocka_unit_test(plain_or_not),
        cmocka_unit_test(origins),
        cmocka_unit_test_setup_teardown(every_byte_is_escaped_or_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
