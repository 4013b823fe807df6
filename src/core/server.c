#include "core/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/descriptors.h"
#include "core/loop.h"
#include "core/timer.h"

enum {
    CONNECTIONS_MAX = 4096,
    HEADER_BYTES_MAX = 32 * 1024, /* of one connection, its reply's included: over it is 431 */
    HEADERS_MAX = 100,
    IDLE_SECONDS = 120,
    PASSES_MAX = 32, /* of the library in one go, before others get their turn */
    BLOCK_BYTES = 16 * 1024
};

enum state { READING, QUEUED, TAKEN, STALLED, ANSWERED, DROPPED };

/* One request and its connection. The library holds it as the connection's context. */
struct exchange {
    struct server_request request; /* first: callers hold a pointer to it */
    struct server *server;
    struct MHD_Connection *connection;
    TAILQ_ENTRY(exchange) queued; /* while QUEUED */
    TAILQ_ENTRY(exchange)
    held; /* while QUEUED, TAKEN or STALLED: its connection is suspended */
    enum state state;
    bool begun;
    bool too_big;
    unsigned status;
    struct MHD_Response *response;
    struct loop_watch watch; /* while STALLED: for the client's end */
    struct buf body;
    struct server_header headers[HEADERS_MAX];
    char *target;
    char *method;
};

TAILQ_HEAD(exchanges, exchange);

struct server {
    struct MHD_Daemon *daemon;
    struct loop *loop;
    struct server_options options;
    struct loop_watch watch;
    struct timer timer; /* when the library wants to run again */
    struct exchanges queue;
    struct exchanges held;
};

/* ---- the library's callbacks: they copy bytes and set flags ---- */

static void *begin(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->target = strdup(uri);
    buf_init(&exchange->body, server->options.body_max);
    return exchange;
}

static void end(void *context, struct MHD_Connection *connection, void **held,
    enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *held;

    (void)context, (void)connection, (void)how;
    *held = NULL;
    if (exchange == NULL)
        return;
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    buf_fini(&exchange->body);
    free(exchange->target);
    free(exchange->method);
    free(exchange);
}

static enum MHD_Result take_header(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct exchange *exchange = context;
    size_t *count = &exchange->request.header_count;

    (void)kind;
    if (*count == HEADERS_MAX)
        return MHD_NO;
    exchange->headers[(*count)++] = (struct server_header){name, value != NULL ? value : ""};
    return MHD_YES;
}

static size_t announced_length(struct MHD_Connection *connection)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

    return text == NULL ? 0 : (size_t)strtoull(text, NULL, 10);
}

static enum MHD_Result answer_plain(struct exchange *exchange, unsigned status)
{
    static char text[] = "Too large.\n";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    exchange->state = ANSWERED;
    result = MHD_queue_response(exchange->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void split_target(struct exchange *exchange)
{
    char *mark = strchr(exchange->target, '?');

    exchange->request.path = exchange->target;
    exchange->request.query = mark != NULL ? mark + 1 : "";
    if (mark != NULL)
        *mark = '\0';
}

static enum MHD_Result take_head(struct exchange *exchange, const char *method)
{
    struct server_request *request = &exchange->request;
    int sent = MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, NULL, NULL);

    exchange->begun = true;
    exchange->method = strdup(method);
    if (exchange->target == NULL || exchange->method == NULL)
        return MHD_NO;
    split_target(exchange);
    request->method = exchange->method;
    request->headers = exchange->headers;
    request->arrived_ms = clock_ms();
    if (sent > HEADERS_MAX)
        return answer_plain(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_header, exchange);
    if (announced_length(exchange->connection) > exchange->body.max)
        return answer_plain(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
    return MHD_YES;
}

/* The rest of a body that is too big is read and forgotten: the library cannot answer
   before. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *size)
{
    struct err ignored;

    if (!exchange->too_big && buf_add(&exchange->body, data, *size, &ignored) != 0)
        exchange->too_big = true;
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result queue_up(struct exchange *exchange)
{
    struct server *server = exchange->server;

    if (exchange->too_big)
        return answer_plain(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
    exchange->request.body = buf_text(&exchange->body);
    exchange->request.body_len = exchange->body.len;
    exchange->state = QUEUED;
    TAILQ_INSERT_TAIL(&server->queue, exchange, queued);
    TAILQ_INSERT_TAIL(&server->held, exchange, held);
    MHD_suspend_connection(exchange->connection);
    if (server->options.arrived != NULL)
        server->options.arrived(server->options.context);
    return MHD_YES;
}

/* Called for the head, for each part of the body, at the end, and again once resumed. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **held)
{
    struct exchange *exchange = *held;

    (void)context, (void)url, (void)version;
    if (exchange == NULL || exchange->state == DROPPED)
        return MHD_NO;
    if (exchange->state == ANSWERED)
        return MHD_queue_response(connection, exchange->status, exchange->response);
    if (!exchange->begun)
        return take_head(exchange, method);
    if (*size > 0)
        return take_body(exchange, data, size);
    return queue_up(exchange);
}

/* ---- driving the library ---- */

static void arm(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    loop_timer_stop(server->loop, &server->timer);
    if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES)
        loop_timer_start(server->loop, &server->timer, (int64_t)timeout);
}

/* The library's descriptors are edge triggered inside: while it asks for no wait there is more
   to read that no event will announce. */
static void run(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    int passes = 0;

    do
        MHD_run(server->daemon);
    while (++passes < PASSES_MAX && MHD_get_timeout(server->daemon, &timeout) == MHD_YES &&
           timeout == 0);
    arm(server);
}

static void readable(void *context, unsigned events)
{
    (void)events;
    run(context);
}

static void due(void *context)
{
    run(context);
}

/* ---- opening and closing ---- */

static struct MHD_Daemon *start_daemon(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons(server->options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, server->options.port,
        NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_URI_LOG_CALLBACK, begin, server, MHD_OPTION_NOTIFY_COMPLETED, end, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES_MAX,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)CONNECTIONS_MAX, MHD_OPTION_END);
}

static int watch_daemon(struct server *server, struct err *err)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info == NULL)
        return err_set(err, ERR_CONFIG, "libmicrohttpd was built without epoll");
    server->watch =
        (struct loop_watch){.fd = info->epoll_fd, .ready = readable, .context = server};
    return loop_watch(server->loop, &server->watch, EPOLLIN, err);
}

int server_new(
    struct server **out, struct loop *loop, const struct server_options *opt, struct err *err)
{
    struct server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return err_no_memory(err);
    server->loop = loop;
    server->options = *opt;
    TAILQ_INIT(&server->queue);
    TAILQ_INIT(&server->held);
    timer_init(&server->timer, due, server);
    descriptors_raise();
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        err_set(err, ERR_NETWORK, "cannot listen on 127.0.0.1:%u: %s", (unsigned)opt->port,
            strerror(errno));
        goto fail;
    }
    if (watch_daemon(server, err) != 0)
        goto fail;
    *out = server;
    return 0;
fail:
    server_free(server);
    return -1;
}

/* Gives the connection back to the library, which calls `handle` once more when it next runs;
   no event announces that. */
static void resume(struct exchange *exchange, enum state state)
{
    struct server *server = exchange->server;

    if (exchange->state == QUEUED)
        TAILQ_REMOVE(&server->queue, exchange, queued);
    if (exchange->state == STALLED)
        loop_unwatch(server->loop, &exchange->watch);
    TAILQ_REMOVE(&server->held, exchange, held);
    exchange->state = state;
    MHD_resume_connection(exchange->connection);
    loop_timer_start(server->loop, &server->timer, 0);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    while (!TAILQ_EMPTY(&server->held))
        resume(TAILQ_FIRST(&server->held), DROPPED);
    loop_unwatch(server->loop, &server->watch);
    loop_timer_stop(server->loop, &server->timer);
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* ---- requests ---- */

const struct server_request *server_next(struct server *server)
{
    struct exchange *exchange = TAILQ_FIRST(&server->queue);

    if (exchange == NULL)
        return NULL;
    TAILQ_REMOVE(&server->queue, exchange, queued);
    exchange->state = TAKEN;
    return &exchange->request;
}

bool server_waiting(const struct server *server)
{
    return !TAILQ_EMPTY(&server->queue);
}

/* A body that stops short of the length that its head declares. */
struct cut {
    size_t len;
    char bytes[];
};

static ssize_t read_cut(void *context, uint64_t position, char *into, size_t room)
{
    const struct cut *cut = context;
    size_t left = cut->len - (size_t)position;

    if (left == 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (left > room)
        left = room;
    memcpy(into, cut->bytes + position, left);
    return (ssize_t)left;
}

static struct MHD_Response *cut_response(const struct server_reply *reply)
{
    struct cut *cut = malloc(sizeof *cut + reply->sent_max);
    struct MHD_Response *response;

    if (cut == NULL)
        return NULL;
    cut->len = reply->sent_max;
    memcpy(cut->bytes, reply->body, cut->len);
    response =
        MHD_create_response_from_callback(reply->body_len, BLOCK_BYTES, read_cut, cut, free);
    if (response == NULL)
        free(cut);
    return response;
}

static struct MHD_Response *new_response(const struct server_reply *reply)
{
    if (reply->sent_max < reply->body_len)
        return cut_response(reply);
    return MHD_create_response_from_buffer(
        reply->body_len, (void *)(uintptr_t)reply->body, MHD_RESPMEM_MUST_COPY);
}

static int add_headers(
    struct MHD_Response *response, const struct server_reply *reply, struct err *err)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct server_header *header = &reply->headers[i];

        if (MHD_add_response_header(response, header->name, header->value) != MHD_YES)
            return err_set(err, ERR_USAGE, "HTTP does not allow the header '%s'", header->name);
    }
    return 0;
}

static struct exchange *taken(const struct server_request *request)
{
    return (struct exchange *)(uintptr_t)request;
}

int server_respond(
    const struct server_request *request, const struct server_reply *reply, struct err *err)
{
    struct exchange *exchange = taken(request);
    struct MHD_Response *response = new_response(reply);

    if (response == NULL)
        return err_no_memory(err);
    if (add_headers(response, reply, err) != 0) {
        MHD_destroy_response(response);
        return -1;
    }
    exchange->response = response;
    exchange->status = reply->status;
    resume(exchange, ANSWERED);
    return 0;
}

void server_drop(const struct server_request *request)
{
    resume(taken(request), DROPPED);
}

static void client_left(void *context, unsigned events)
{
    (void)events;
    resume(context, DROPPED);
}

void server_stall(const struct server_request *request)
{
    struct exchange *exchange = taken(request);
    struct server *server = exchange->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct err ignored;

    exchange->watch =
        (struct loop_watch){.fd = info->connect_fd, .ready = client_left, .context = exchange};
    exchange->state = STALLED;
    if (loop_watch(server->loop, &exchange->watch, EPOLLRDHUP, &ignored) != 0)
        resume(exchange, DROPPED);
}
