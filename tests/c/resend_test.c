/* libcurl sends a request again by itself when a reused connection dies without an answer. Here
   1,000 die for each method, after the request was read; the service counts the copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/http.h"
#include "core/loop.h"

enum { DEATHS = 1000, CONTROLS = 50, CLIENTS_MAX = 64, REQUEST_MAX = 4096 };

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};

enum { METHODS = sizeof methods / sizeof *methods };

/* ---- the service, a process of its own ---- */

/* Shared with the service: how many copies of each request arrived. */
static unsigned char *copies;

static struct pollfd polled[CLIENTS_MAX + 1]; /* the first listens */
static nfds_t polled_count = 1;
static bool served[CLIENTS_MAX + 1]; /* something was answered on it */

static void die(int fd, bool with_reset)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (with_reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}

static void drop(nfds_t i)
{
    polled_count--;
    polled[i] = polled[polled_count];
    served[i] = served[polled_count];
}

static bool is_whole(const char *request)
{
    const char *body = strstr(request, "\r\n\r\n"),
               *length = strstr(request, "Content-Length: ");

    return body && (!length || strlen(body + 4) >= (size_t)atoi(length + 16));
}

/* False when the client closed the connection. Requests are small and come in a few pieces. */
static bool read_request(int fd, char *request)
{
    size_t len = 0;
    ssize_t got;

    do {
        got = read(fd, request + len, REQUEST_MAX - 1 - len);
        len += got > 0 ? (size_t)got : 0;
        request[len] = '\0';
    } while (got > 0 && !is_whole(request));
    return got > 0;
}

/* "/N" is counted, and its reused connection dies; anything else is answered. */
static void serve(nfds_t i)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    char request[REQUEST_MAX];
    const char *target;
    int number, fd = polled[i].fd;

    if (!read_request(fd, request)) {
        close(fd);
        drop(i);
        return;
    }
    target = strchr(request, '/');
    number = target ? atoi(target + 1) : 0;
    copies[number]++;
    if (number && served[i]) {
        die(fd, number % 2);
        drop(i);
    } else if (write(fd, answer, sizeof answer - 1) == sizeof answer - 1) {
        served[i] = true;
    }
}

static void take_client(void)
{
    int fd = accept(polled[0].fd, NULL, NULL);

    if (fd < 0 || polled_count > CLIENTS_MAX)
        _exit(1);
    served[polled_count] = false;
    polled[polled_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void run_service(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        if (poll(polled, polled_count, -1) < 0)
            _exit(1);
        for (nfds_t i = polled_count - 1; i > 0; i--)
            if (polled[i].revents)
                serve(i);
        if (polled[0].revents)
            take_client();
    }
}

/* ---- the client ---- */

struct fixture {
    pid_t service;
    int port;
    struct loop *loop;
    struct http *http;
};

static int listen_on_loopback(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    int listener = listen_on_loopback(&fixture.port);
    struct err err;

    copies = mmap(NULL, METHODS * DEATHS + CONTROLS + 1, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(copies, MAP_FAILED);
    fixture.service = fork();
    if (!fixture.service)
        run_service(listener);
    close(listener);
    assert_int_equal(loop_new(&fixture.loop, &err), 0);
    assert_int_equal(http_new(&fixture.http, fixture.loop, &err), 0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    http_free(fixture->http);
    loop_free(fixture->loop);
    kill(fixture->service, SIGKILL);
    waitpid(fixture->service, NULL, 0);
    munmap(copies, METHODS * DEATHS + CONTROLS + 1);
    return 0;
}

struct wait {
    struct loop *loop;
    struct loop_op op;
};

static void end_wait(void *context)
{
    struct wait *wait = context;

    loop_end(wait->loop, &wait->op);
}

/* Sends one request and waits for its end. */
static int exchange(
    struct fixture *fixture, const char *method, int number, struct err *err, bool *died)
{
    struct http_headers none = {NULL};
    char url[64];
    bool has_body = method[0] == 'P';
    struct http_request request = {.method = method,
        .url = url,
        .headers = &none,
        .body = has_body ? "{\"a\": 1}" : NULL,
        .body_len = has_body ? 8 : 0,
        .timeout_ms = 10000,
        .body_max = 1000,
        .write = method[0] != 'G'};
    struct wait wait = {.loop = fixture->loop};
    struct http_transfer *transfer;
    int bad;

    snprintf(url, sizeof url, "http://127.0.0.1:%d/%d", fixture->port, number);
    assert_int_equal(http_start(&transfer, fixture->http, &request, end_wait, &wait, err), 0);
    while (!wait.op.ended)
        assert_int_equal(loop_turn(fixture->loop, -1, err), 0);
    loop_forget(fixture->loop, &wait.op);
    bad = http_outcome(transfer, err);
    *died = http_transfer_died(transfer);
    http_transfer_free(transfer);
    return bad;
}

static void one_copy_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct err err;
    bool died;
    int closed = 0, answered = 0, twice = 0;

    for (int i = 0; i < METHODS * DEATHS; i++) {
        assert_int_equal(exchange(fixture, "GET", 0, &err, &died), 0);
        answered += exchange(fixture, methods[i % METHODS], i + 1, &err, &died) == 0;
        closed += died;
        assert_int_not_equal(copies[i + 1], 0);
        twice += copies[i + 1] != 1;
        if (!answered)
            assert_int_equal(err.sent, SENT_UNKNOWN);
    }
    print_message(
        "libcurl %s: %d requests on dying connections, %d second passes of libcurl refused, "
        "%d sent twice\n",
        curl_version_info(CURLVERSION_NOW)->version, METHODS * DEATHS, closed, twice);
    assert_int_equal(twice, 0);
    assert_int_equal(answered, 0);
}

static void send_with_libcurl(CURL *easy, int port, int number)
{
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%d/%d", port, number);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_perform(easy);
}

/* That the door is there: what libcurl does alone. A later one may have closed it. */
static void libcurl_alone_sends_again(void **state)
{
    const struct fixture *fixture = *state;
    CURL *easy = curl_easy_init();
    int twice = 0;

    assert_non_null(easy);
    for (int i = 1; i <= CONTROLS; i++) {
        send_with_libcurl(easy, fixture->port, 0);
        send_with_libcurl(easy, fixture->port, METHODS * DEATHS + i);
        twice += copies[METHODS * DEATHS + i] > 1;
    }
    curl_easy_cleanup(easy);
    print_message("libcurl %s alone: %d of %d POSTs sent twice\n",
        curl_version_info(CURLVERSION_NOW)->version, twice, CONTROLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_copy_is_sent),
        cmocka_unit_test(libcurl_alone_sends_again),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
