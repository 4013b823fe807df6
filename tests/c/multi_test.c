#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>

#include "core/clock.h"
#include "core/loop.h"
#include "core/multi.h"
#include "raw_server.h"

static struct raw_server server;
static struct loop *loop;
static struct multi *multi;
static struct err err;

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);

static int64_t ahead_ms;

int64_t __wrap_clock_ms(void)
{
    return __real_clock_ms() + ahead_ms;
}

static int set_up(void **state)
{
    (void)state;
    return raw_server_start(&server) || loop_new(&loop, &err) ||
           multi_new(&multi, loop, true, &err);
}

static int tear_down(void **state)
{
    (void)state;
    multi_free(multi);
    loop_free(loop);
    raw_server_stop(&server);
    return 0;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static void note(void *context, CURLcode code)
{
    *(CURLcode *)context = code;
}

static void perform(struct multi_transfer *transfer)
{
    CURLcode code = CURL_LAST;

    transfer->done = note;
    transfer->context = &code;
    assert_int_equal(multi_add(multi, transfer, &err), 0);
    while (code == CURL_LAST)
        assert_int_equal(loop_turn(loop, -1, &err), 0);
    assert_int_equal(code, CURLE_OK);
}

static void names_are_looked_through_every_ten_seconds(void **state)
{
    struct multi_transfer transfer = {.easy = curl_easy_init()};
    char url[100];

    (void)state;
    sprintf(url, "%s/ok", server.url);
    curl_easy_setopt(transfer.easy, CURLOPT_URL, url);
    curl_easy_setopt(transfer.easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(transfer.easy, CURLOPT_PRIVATE, &transfer);
    perform(&transfer);
    assert_false(transfer.keeps_names);
    perform(&transfer);
    assert_true(transfer.keeps_names);
    ahead_ms += 9000;
    perform(&transfer);
    assert_true(transfer.keeps_names);
    ahead_ms += 1000;
    perform(&transfer);
    assert_false(transfer.keeps_names);
    perform(&transfer);
    assert_true(transfer.keeps_names);
    curl_easy_cleanup(transfer.easy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_looked_through_every_ten_seconds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
