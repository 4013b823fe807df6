/* The server against plain sockets: what goes over the wire is written out here. */
#include "core/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/loop.h"

enum { TURNS_MAX = 2000, TURN_MS = 5, BODY_MAX = 64 * 1024, REPLY_MAX = 512 * 1024 };

struct fixture {
    struct loop *loop;
    struct server *server;
    int arrivals;
    char reply[REPLY_MAX];
    size_t reply_len;
};

static void count_arrival(void *context)
{
    struct fixture *fixture = context;

    fixture->arrivals++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct server_options options = {
        .body_max = BODY_MAX, .arrived = count_arrival, .context = fixture};
    struct err err;

    assert_int_equal(loop_new(&fixture->loop, &err), 0);
    assert_int_equal(server_new(&fixture->server, fixture->loop, &options, &err), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    server_free(fixture->server);
    loop_free(fixture->loop);
    free(fixture);
    return 0;
}

static void turn(struct fixture *fixture)
{
    struct err err;

    assert_int_equal(loop_turn(fixture->loop, TURN_MS, &err), 0);
}

static int dial(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons(server_port(fixture->server)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Sends while the server reads: a large request does not fit the socket's buffers. Stops
   quietly when the server has closed, as it may on a request that it refuses. */
static void say_bytes(struct fixture *fixture, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return;
        if (sent > 0)
            bytes += sent, len -= (size_t)sent;
        turn(fixture);
    }
}

static void say(struct fixture *fixture, int fd, const char *text)
{
    say_bytes(fixture, fd, text, strlen(text));
}

static const struct server_request *wait_request(struct fixture *fixture)
{
    for (int i = 0; i < TURNS_MAX && !server_waiting(fixture->server); i++)
        turn(fixture);
    return server_next(fixture->server);
}

/* Reads until the other side closes (true) or nothing more comes than `enough`. */
static bool hear_until(struct fixture *fixture, int fd, const char *enough)
{
    fixture->reply_len = 0;
    for (int i = 0; i < TURNS_MAX; i++) {
        ssize_t got = recv(
            fd, fixture->reply + fixture->reply_len, REPLY_MAX - 1 - fixture->reply_len, 0);

        if (got == 0 || (got < 0 && errno != EAGAIN))
            return true;
        if (got > 0)
            fixture->reply_len += (size_t)got;
        fixture->reply[fixture->reply_len] = '\0';
        if (enough != NULL && strstr(fixture->reply, enough) != NULL)
            return false;
        turn(fixture);
    }
    fail_msg("no end of the answer: %s", fixture->reply);
    return false;
}

static void answer(const struct server_request *request, unsigned status, const char *body)
{
    struct server_header header = {"Content-Type", "text/plain"};
    struct server_reply reply = {.status = status,
        .headers = &header,
        .header_count = 1,
        .body = body,
        .body_len = strlen(body),
        .sent_max = SIZE_MAX};
    struct err err;

    assert_int_equal(server_respond(request, &reply, &err), 0);
}

static void takes_a_request_as_it_is_written(void **state)
{
    struct fixture *fixture = *state;
    const struct server_request *request;
    int fd = dial(fixture);

    say(fixture, fd,
        "POST /a%20b/c?key=x%26y&z HTTP/1.1\r\nHost: h\r\nX-One: 1\r\n"
        "Content-Length: 5\r\n\r\nhello");
    request = wait_request(fixture);
    assert_non_null(request);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->path, "/a%20b/c");
    assert_string_equal(request->query, "key=x%26y&z");
    assert_int_equal(request->header_count, 3);
    assert_string_equal(request->headers[1].name, "X-One");
    assert_string_equal(request->headers[1].value, "1");
    assert_int_equal(request->body_len, 5);
    assert_string_equal(request->body, "hello");
    assert_int_equal(fixture->arrivals, 1);
    answer(request, 201, "done");
    assert_false(hear_until(fixture, fd, "\r\n\r\ndone"));
    assert_non_null(strstr(fixture->reply, "HTTP/1.1 201 Created\r\n"));
    assert_non_null(strstr(fixture->reply, "Content-Length: 4\r\n"));
    assert_non_null(strstr(fixture->reply, "Content-Type: text/plain\r\n"));
    close(fd);
}

static void keeps_a_connection_for_the_next_request(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture);

    for (int i = 0; i < 3; i++) {
        say(fixture, fd, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
        answer(wait_request(fixture), 200, "ok");
        assert_false(hear_until(fixture, fd, "\r\n\r\nok"));
    }
    assert_int_equal(fixture->arrivals, 3);
    close(fd);
}

static void answers_in_any_order(void **state)
{
    struct fixture *fixture = *state;
    int one = dial(fixture), two = dial(fixture);
    const struct server_request *first, *second;

    say(fixture, one, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    first = wait_request(fixture);
    say(fixture, two, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    second = wait_request(fixture);
    assert_string_equal(first->path, "/1");
    assert_string_equal(second->path, "/2");
    answer(second, 200, "two");
    assert_false(hear_until(fixture, two, "\r\n\r\ntwo"));
    answer(first, 200, "one");
    assert_false(hear_until(fixture, one, "\r\n\r\none"));
    close(one), close(two);
}

static void reads_a_large_body_whole(void **state)
{
    struct fixture *fixture = *state;
    const struct server_request *request;
    static char body[BODY_MAX];
    int fd = dial(fixture);

    memset(body, 'x', sizeof body);
    say(fixture, fd, "PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n");
    say_bytes(fixture, fd, body, sizeof body);
    request = wait_request(fixture);
    assert_non_null(request);
    assert_int_equal(request->body_len, sizeof body);
    assert_memory_equal(request->body, body, sizeof body);
    answer(request, 200, "ok");
    assert_false(hear_until(fixture, fd, "\r\n\r\nok"));
    close(fd);
}

static void refuses_a_body_that_is_announced_too_big(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture);

    say(fixture, fd, "PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n");
    hear_until(fixture, fd, "Too large.");
    assert_non_null(strstr(fixture->reply, "HTTP/1.1 413 "));
    assert_int_equal(fixture->arrivals, 0);
    close(fd);
}

static void refuses_a_chunked_body_that_grows_too_big(void **state)
{
    struct fixture *fixture = *state;
    static char chunk[0x8000 + 2];
    int fd = dial(fixture);

    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk + 0x8000, "\r\n", 2);
    say(fixture, fd, "PUT /big HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        say(fixture, fd, "8000\r\n");
        say_bytes(fixture, fd, chunk, sizeof chunk);
    }
    say(fixture, fd, "0\r\n\r\n");
    hear_until(fixture, fd, "Too large.");
    assert_non_null(strstr(fixture->reply, "HTTP/1.1 413 "));
    assert_int_equal(fixture->arrivals, 0);
    close(fd);
}

static void refuses_too_many_headers(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture);

    say(fixture, fd, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 101; i++)
        say(fixture, fd, "X-Many: 1\r\n");
    say(fixture, fd, "\r\n");
    hear_until(fixture, fd, "Too large.");
    assert_non_null(strstr(fixture->reply, "HTTP/1.1 431 "));
    assert_int_equal(fixture->arrivals, 0);
    close(fd);
}

static void drops_without_a_byte(void **state)
{
    struct fixture *fixture = *state;
    int fd = dial(fixture);

    say(fixture, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    server_drop(wait_request(fixture));
    assert_true(hear_until(fixture, fd, NULL));
    assert_int_equal(fixture->reply_len, 0);
    close(fd);
}

static void cuts_a_body_short_of_its_length(void **state)
{
    struct fixture *fixture = *state;
    struct server_reply reply = {
        .status = 200, .body = "0123456789", .body_len = 10, .sent_max = 4};
    struct err err;
    int fd = dial(fixture);

    say(fixture, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(server_respond(wait_request(fixture), &reply, &err), 0);
    assert_true(hear_until(fixture, fd, NULL));
    assert_non_null(strstr(fixture->reply, "Content-Length: 10\r\n"));
    assert_string_equal(strstr(fixture->reply, "\r\n\r\n"), "\r\n\r\n0123");
    close(fd);
}

/* The stalled client hears nothing while others are served, and its end frees the connection:
   the leak check of the sanitized build and the count of descriptors say so. */
static void stalls_until_the_client_leaves(void **state)
{
    struct fixture *fixture = *state;
    int stalled = dial(fixture), other = dial(fixture);
    char byte;

    say(fixture, stalled, "GET /stalled HTTP/1.1\r\nHost: h\r\n\r\n");
    server_stall(wait_request(fixture));
    say(fixture, other, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
    answer(wait_request(fixture), 200, "ok");
    assert_false(hear_until(fixture, other, "\r\n\r\nok"));
    assert_int_equal(recv(stalled, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    shutdown(stalled, SHUT_WR);
    assert_true(hear_until(fixture, stalled, NULL));
    assert_int_equal(fixture->reply_len, 0);
    close(stalled), close(other);
}

static void is_freed_with_requests_in_every_state(void **state)
{
    struct fixture *fixture = *state;
    int fds[4];
    char byte;

    for (int i = 0; i < 4; i++)
        fds[i] = dial(fixture);
    say(fixture, fds[0], "GET /stalled HTTP/1.1\r\nHost: h\r\n\r\n");
    server_stall(wait_request(fixture));
    say(fixture, fds[1], "GET /taken HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(wait_request(fixture));
    say(fixture, fds[2], "GET /queued HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < TURNS_MAX && !server_waiting(fixture->server); i++)
        turn(fixture);
    assert_true(server_waiting(fixture->server));
    say(fixture, fds[3], "GET /half HTTP/1.1\r\nHo");
    turn(fixture);
    server_free(fixture->server);
    fixture->server = NULL;
    for (int i = 0; i < 4; i++) {
        assert_true(recv(fds[i], &byte, 1, 0) <= 0);
        close(fds[i]);
    }
}

static void a_bad_header_leaves_the_request_unanswered(void **state)
{
    struct fixture *fixture = *state;
    struct server_header header = {"X-Bad", "a\r\nSet-Cookie: b"};
    struct server_reply reply = {
        .status = 200, .headers = &header, .header_count = 1, .body = "", .sent_max = SIZE_MAX};
    const struct server_request *request;
    struct err err;
    int fd = dial(fixture);

    say(fixture, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    request = wait_request(fixture);
    assert_int_equal(server_respond(request, &reply, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_non_null(strstr(err.message, "X-Bad"));
    answer(request, 200, "good");
    assert_false(hear_until(fixture, fd, "\r\n\r\ngood"));
    assert_null(strstr(fixture->reply, "Set-Cookie"));
    close(fd);
}

static void says_that_the_port_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct server_options options = {.port = server_port(fixture->server), .body_max = 1};
    struct server *second = NULL;
    struct err err;

    assert_int_equal(server_new(&second, fixture->loop, &options, &err), -1);
    assert_int_equal(err.kind, ERR_NETWORK);
    assert_non_null(strstr(err.message, "in use"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(takes_a_request_as_it_is_written),
        TEST(keeps_a_connection_for_the_next_request),
        TEST(answers_in_any_order),
        TEST(reads_a_large_body_whole),
        TEST(refuses_a_body_that_is_announced_too_big),
        TEST(refuses_a_chunked_body_that_grows_too_big),
        TEST(refuses_too_many_headers),
        TEST(drops_without_a_byte),
        TEST(cuts_a_body_short_of_its_length),
        TEST(stalls_until_the_client_leaves),
        TEST(is_freed_with_requests_in_every_state),
        TEST(a_bad_header_leaves_the_request_unanswered),
        TEST(says_that_the_port_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
