#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>

#include "core/http.h"
#include "core/loop.h"
#include "raw_server.h"

static struct raw_server server;
static struct loop *loop;
static struct http *http;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    return raw_server_start(&server) || loop_new(&loop, &err) || http_new(&http, loop, &err);
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    loop_free(loop);
    raw_server_stop(&server);
    return 0;
}

static void set_flag(void *context)
{
    *(bool *)context = true;
}

static struct http_headers no_headers;

static struct http_request request(const char *method, const char *path, char *url)
{
    sprintf(url, "%s%s", server.url, path);
    return (struct http_request){.method = method,
        .url = url,
        .headers = &no_headers,
        .timeout_ms = 10000,
        .body_max = 1000,
        .write = *method != 'G'};
}

static struct http_transfer *begin(const struct http_request *request, bool *done)
{
    struct http_transfer *transfer = NULL;

    *done = false;
    assert_int_equal(http_start(&transfer, http, request, set_flag, done, &err), 0);
    return transfer;
}

static struct http_transfer *perform(const struct http_request *request)
{
    bool done;
    struct http_transfer *transfer = begin(request, &done);

    while (!done)
        assert_int_equal(loop_turn(loop, -1, &err), 0);
    return transfer;
}

static void an_answer_is_read(void **state)
{
    char url[100], value[10];
    struct http_request get = request("GET", "/ok", url);
    struct http_transfer *transfer = perform(&get);
    struct http_response *response = http_transfer_response(transfer);

    (void)state;
    assert_int_equal(http_outcome(transfer, &err), 0);
    assert_int_equal(response->status, 200);
    assert_string_equal(buf_text(&response->body), "ok");
    assert_string_equal(http_response_header(response, "x-ONE", value, sizeof value), "a");
    assert_null(http_response_header(response, "X-On", value, sizeof value));
    assert_true(http_response_retry_after(response) < 0);
    http_transfer_free(transfer);
}

static void connections_are_reused(void **state)
{
    char url[100];
    int before;

    (void)state;
    before = server.counts->connections;
    for (int i = 0; i < 5; i++) {
        struct http_request get = request(i % 2 ? "POST" : "GET", "/ok", url);

        http_transfer_free(perform(&get));
    }
    assert_true(server.counts->connections - before <= 1);
}

static void assert_lost(const char *method, const char *path, enum err_kind kind)
{
    char url[100];
    struct http_request lost = request(method, path, url);
    struct http_transfer *transfer;
    int before = server.counts->requests;

    lost.timeout_ms = 100;
    transfer = perform(&lost);
    assert_int_equal(http_outcome(transfer, &err), -1);
    assert_int_equal(err.kind, kind);
    assert_int_equal(err.sent, SENT_UNKNOWN);
    assert_true(http_transfer_is_sent(transfer));
    assert_int_equal(server.counts->requests - before, 1);
    http_transfer_free(transfer);
}

static void an_answer_that_does_not_come_whole_is_an_error(void **state)
{
    static const char *const methods[] = {"GET", "POST", "DELETE"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_lost(methods[i], "/cut", ERR_NETWORK);
        assert_lost(methods[i], "/close", ERR_NETWORK);
        assert_lost(methods[i], "/stall", ERR_TIMEOUT);
    }
}

/* Also on a connection that was used before, where libcurl by itself would send it again. */
static void nothing_is_sent_twice(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
    char url[100];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct http_request good = request("GET", "/ok", url), lost;
        struct http_transfer *transfer;
        int before;

        http_transfer_free(perform(&good));
        before = server.counts->requests;
        lost = request(methods[i], "/close", url);
        transfer = perform(&lost);
        assert_int_equal(http_outcome(transfer, &err), -1);
        assert_true(http_transfer_died(transfer));
        assert_int_equal(server.counts->requests - before, 1);
        http_transfer_free(transfer);
    }
}

static void nobody_there_is_not_sent(void **state)
{
    struct raw_server gone;
    char url[100];
    struct http_request get = request("POST", "/ok", url);
    struct http_transfer *transfer;

    (void)state;
    assert_int_equal(raw_server_start(&gone), 0);
    sprintf(url, "%s/ok", gone.url);
    raw_server_stop(&gone);
    transfer = perform(&get);
    assert_int_equal(http_outcome(transfer, &err), -1);
    assert_int_equal(err.kind, ERR_NETWORK);
    assert_int_equal(err.sent, SENT_NO);
    assert_false(http_transfer_is_sent(transfer));
    http_transfer_free(transfer);
}

static void a_body_over_its_maximum_is_a_decode_error(void **state)
{
    char url[100];
    struct http_request get = request("GET", "/ok", url);
    struct http_transfer *transfer;

    (void)state;
    get.body_max = 1;
    transfer = perform(&get);
    assert_int_equal(http_outcome(transfer, &err), -1);
    assert_int_equal(err.kind, ERR_DECODE);
    assert_non_null(strstr(err.message, "1 byte"));
    http_transfer_free(transfer);
}

static void a_transfer_may_be_freed_at_any_time(void **state)
{
    char url[100];
    struct http_request stall = request("GET", "/stall", url);
    bool done;

    (void)state;
    for (int turns = 0; turns < 5; turns++) {
        struct http_transfer *transfer = begin(&stall, &done);

        for (int i = 0; i < turns; i++)
            assert_int_equal(loop_turn(loop, 1, &err), 0);
        http_transfer_free(transfer);
        assert_false(done);
    }
    http_transfer_free(NULL);
}

static void many_at_once(void **state)
{
    enum { MANY = 150 };
    struct http_transfer *transfers[MANY];
    bool done[MANY];
    char url[100];
    struct http_request get = request("GET", "/ok", url);

    (void)state;
    for (int i = 0; i < MANY; i++)
        transfers[i] = begin(&get, &done[i]);
    for (int i = 0; i < MANY; i++) {
        while (!done[i])
            assert_int_equal(loop_turn(loop, -1, &err), 0);
        assert_int_equal(http_outcome(transfers[i], &err), 0);
        http_transfer_free(transfers[i]);
    }
}

static void methods_that_are_no_tokens_are_refused(void **state)
{
    static const char *const methods[] = {"", "GET /x", "GET\r\nX: y", "G:T", "G\xc3\xa4T"};
    struct http_transfer *transfer;

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char url[100];
        struct http_request bad = request(methods[i], "/ok", url);
        bool done;

        assert_int_equal(http_start(&transfer, http, &bad, set_flag, &done, &err), -1);
        assert_int_equal(err.kind, ERR_USAGE);
    }
}

static void addresses_that_would_end_the_request_line_are_refused(void **state)
{
    static const char *const paths[] = {
        "/a\r\nX: y", "/a b", "/a?\nb", "/\x7f", "/ HTTP/1.1\r\n\r\n"};
    struct http_transfer *transfer;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char url[100];
        struct http_request good = request("GET", "/ok", url), bad;
        bool done;

        http_transfer_free(perform(&good));
        bad = request("GET", paths[i], url);
        assert_int_equal(http_start(&transfer, http, &bad, set_flag, &done, &err), -1);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

static void names_are_tokens(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        const char name[] = {'a', (char)c, '\0'};
        bool is_token = c > ' ' && c <= '~' && !strchr("\"(),/:;<=>?@[\\]{}", c);

        assert_int_equal(http_headers_is_token(name), is_token);
        assert_int_equal(http_headers_is_token(name + 1), is_token);
    }
    assert_false(http_headers_is_token(""));
}

static void headers(void **state)
{
    static const struct {
        const char *name, *value;
        size_t len;
        int want;
    } rows[] = {{"A", "b", 1, 0}, {"A-b_c", "", 0, 0}, {"A", "b\tc", 3, 0},
        {"A", "\xc3\xa4", 2, 0}, {"", "b", 1, -1}, {"A B", "b", 1, -1}, {"A:", "b", 1, -1},
        {"A\r", "b", 1, -1}, {"\xc3\xa4", "b", 1, -1}, {"A", "b\r", 2, -1},
        {"A", "b\nC: d", 6, -1}, {"A", "b\0c", 3, -1}, {"A", "\x7f", 1, -1},
        {"A", "\x1b[2J", 4, -1}, {"content-length", "3", 1, -1},
        {"Transfer-Encoding", "chunked", 7, -1}, {"HOST", "x", 1, -1}, {"expect", "", 0, -1}};
    struct http_headers all = {NULL}, copy = {NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_headers_add(&all, rows[i].name, rows[i].value, rows[i].len, &err) !=
            rows[i].want)
            fail_msg("row %zu", i);
    assert_int_equal(http_headers_refer(&copy, &all, &err), 0);
    assert_string_equal(copy.lines->data, "A: b");
    assert_string_equal(copy.lines->next->data, "A-b_c;");
    http_headers_fini(&copy);
    http_headers_fini(&copy);
    assert_string_equal(all.lines->data, "A: b");
    http_headers_fini(&all);
}

static void assert_retry_after(const char *lines, double want)
{
    struct http_response response;

    buf_init(&response.headers, 1000);
    assert_int_equal(buf_add_string(&response.headers, lines, &err), 0);
    if (http_response_retry_after(&response) != want)
        fail_msg("%s: %g", lines, http_response_retry_after(&response));
    buf_fini(&response.headers);
}

#define DATE "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"

static void retry_after(void **state)
{
    (void)state;
    assert_retry_after("", -1);
    assert_retry_after("Retry-After: 30\r\n", 30);
    assert_retry_after("X: y\r\nretry-after:0.5 \t\r\n", 0.5);
    assert_retry_after("retry-after:0.5\r\n", 0.5);
    assert_retry_after("Retry-After: 0\r\n", 0);
    assert_retry_after("Retry-After: -5\r\n", -1);
    assert_retry_after("Retry-After: 1e99\r\n", 1e9);
    assert_retry_after("Retry-After: nan\r\n", -1);
    assert_retry_after("Retry-After: soon\r\n", -1);
    assert_retry_after("Retry-After:\r\n", -1);
    assert_retry_after(DATE "Retry-After: Wed, 21 Oct 2015 07:29:00 GMT\r\n", 60);
    assert_retry_after(DATE "Retry-After: Wed, 21 Oct 2015 07:27:00 GMT\r\n", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(an_answer_that_does_not_come_whole_is_an_error),
        cmocka_unit_test(nothing_is_sent_twice),
        cmocka_unit_test(nobody_there_is_not_sent),
        cmocka_unit_test(a_body_over_its_maximum_is_a_decode_error),
        cmocka_unit_test(a_transfer_may_be_freed_at_any_time),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(methods_that_are_no_tokens_are_refused),
        cmocka_unit_test(addresses_that_would_end_the_request_line_are_refused),
        cmocka_unit_test(names_are_tokens),
        cmocka_unit_test(headers),
        cmocka_unit_test(retry_after),
    };

    return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
