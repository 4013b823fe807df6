#include "core/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/descriptors.h"
#include "core/http_settings.h"
#include "core/multi.h"

enum {
    POOL_MAX = 64,
    /* Of these on, each has a small receive buffer. */
    MANY = 8,
    /* A pooled transfer keeps buffers up to this size. */
    BUFFER_KEPT_MAX = 16 * 1024,
    /* libcurl walks through all connections of a multi handle, so each has so many transfers at
       most before there is a further one. */
    EACH_MAX = 256,
    MULTIS_MAX = 64,
};

struct http {
    struct loop *loop;
    struct multi *multis[MULTIS_MAX]; /* those with lower numbers are filled first */
    size_t multi_count;
    size_t running;
    struct http_transfer *pool;
    size_t pooled;
};

/* Ended ones are pooled: the handle with its settings and the buffers serve again. */
struct http_transfer {
    struct http *http;
    struct multi *multi;        /* that it runs in */
    struct http_transfer *next; /* when pooled */
    struct multi_transfer transfer;
    struct http_settings settings;
    void (*done)(void *context);
    void *context;
    struct http_response response;
    int passes; /* how often libcurl was about to write the request */
    bool running;
    bool in_headers;
    bool is_starved; /* of descriptors */
    CURLcode code;
    size_t overflow; /* the maximum that the answer went over, in bytes; 0: none */
    char detail[CURL_ERROR_SIZE];
};

static int add_multi(struct http *http, struct err *err)
{
    bool is_first = http->multi_count == 0;

    if (multi_new(&http->multis[http->multi_count], http->loop, is_first, err))
        return -1;
    http->multi_count++;
    return 0;
}

/* The first that has room, else the last; NULL when memory ran out. */
static struct multi *choose_multi(struct http *http, struct err *err)
{
    for (size_t i = 0; i < http->multi_count; i++)
        if (multi_count(http->multis[i]) < EACH_MAX)
            return http->multis[i];
    if (http->multi_count < MULTIS_MAX && add_multi(http, err))
        return NULL;
    return http->multis[http->multi_count - 1];
}

int http_new(struct http **out, struct loop *loop, struct err *err)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        return err_no_memory(err);
    http->loop = loop;
    descriptors_raise();
    if (add_multi(http, err)) {
        free(http);
        return -1;
    }
    *out = http;
    return 0;
}

static void drop(struct http_transfer *transfer)
{
    curl_easy_cleanup(transfer->transfer.easy);
    http_settings_fini(&transfer->settings);
    buf_fini(&transfer->response.headers);
    buf_fini(&transfer->response.body);
    free(transfer);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->pool) {
        struct http_transfer *next = http->pool->next;

        drop(http->pool);
        http->pool = next;
    }
    while (http->multi_count)
        multi_free(http->multis[--http->multi_count]);
    free(http);
}

static struct http_transfer *take(struct http *http)
{
    struct http_transfer *transfer = http->pool;

    if (transfer) {
        http->pool = transfer->next;
        http->pooled--;
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return NULL;
    transfer->http = http;
    http_settings_init(&transfer->settings);
    transfer->transfer.easy = curl_easy_init();
    if (transfer->transfer.easy)
        return transfer;
    free(transfer);
    return NULL;
}

static void clear(struct buf *buf)
{
    if (buf->cap > BUFFER_KEPT_MAX)
        buf_fini(buf);
    else
        buf_clear(buf);
}

/* libcurl counts the connections that died over all transfers of a handle, and gives up at the
   sixth. */
static void give(struct http_transfer *transfer)
{
    struct http *http = transfer->http;

    if (http->pooled == POOL_MAX || http_transfer_died(transfer)) {
        drop(transfer);
        return;
    }
    clear(&transfer->response.headers);
    clear(&transfer->response.body);
    transfer->next = http->pool;
    http->pool = transfer;
    http->pooled++;
}

/* CURLOPT_PREREQFUNCTION: called before each writing of the request. libcurl writes it again by
   itself when a reused connection dies, for any method; the second pass is refused. */
static int before_request(void *context, char *ip, char *local_ip, int port, int local_port)
{
    struct http_transfer *transfer = context;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    return transfer->passes++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* CURLOPT_OPENSOCKETFUNCTION: programs that a recipe starts get no connection of ours. */
static curl_socket_t open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *transfer = context;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd < 0 && errno == EMFILE)
        transfer->is_starved = true;
    return fd;
}

static size_t keep(
    struct http_transfer *transfer, struct buf *to, const char *bytes, size_t len)
{
    struct err ignored;

    if (!buf_add(to, bytes, len, &ignored))
        return len;
    transfer->overflow = to->max;
    return 0;
}

/* CURLOPT_HEADERFUNCTION: a status line starts a new block (after 100 Continue, say); trailers
   come after the body and are left out. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t len = size * count;

    if (len > 5 && !memcmp(bytes, "HTTP/", 5)) {
        buf_clear(&transfer->response.headers);
        transfer->in_headers = true;
        return len;
    }
    if (len <= 2)
        transfer->in_headers = false;
    return transfer->in_headers ? keep(transfer, &transfer->response.headers, bytes, len) : len;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;

    return keep(transfer, &transfer->response.body, bytes, size * count);
}

/* libcurl takes a connection that ends within the header block, or after an interim answer, for
   the end of a whole answer without a body. */
static bool has_broken_off(const struct http_transfer *transfer)
{
    return transfer->in_headers || transfer->response.status < 200;
}

/* Of what libcurl opens besides sockets it only says that it could not. */
static bool is_starved(const struct http_transfer *transfer, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return transfer->is_starved;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SSL_CACERT_BADFILE:
        return descriptors_are_scarce();
    default:
        return false;
    }
}

static void finished(void *context, CURLcode code)
{
    struct http_transfer *transfer = context;
    long status = 0;

    transfer->running = false;
    transfer->http->running--;
    curl_easy_getinfo(transfer->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response.status = (int)status;
    transfer->code = code == CURLE_OK && has_broken_off(transfer) ? CURLE_PARTIAL_FILE : code;
    transfer->is_starved = is_starved(transfer, code);
    transfer->done(transfer->context);
}

static unsigned set_callbacks(CURL *easy, struct http_transfer *transfer)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer->transfer);
    return bad;
}

static int set_up(
    struct http_transfer *transfer, const struct http_request *request, struct err *err)
{
    CURL *easy = transfer->transfer.easy;
    bool many = transfer->http->running >= MANY;
    unsigned bad = 0;

    if (!http_settings_fit(&transfer->settings, request)) {
        curl_easy_reset(easy);
        transfer->transfer.keeps_names = false;
        bad = http_settings_make(&transfer->settings, easy, request) |
              set_callbacks(easy, transfer);
    }
    bad |= http_settings_fill(&transfer->settings, easy, request, many);
    return bad ? err_set(err, ERR_CONFIG, "libcurl refuses a setting") : 0;
}

static void begin(struct http_transfer *transfer, size_t body_max)
{
    transfer->transfer.done = finished;
    transfer->transfer.context = transfer;
    transfer->response.status = 0;
    transfer->response.headers.max = HTTP_HEADERS_MAX;
    transfer->response.body.max = body_max;
    transfer->passes = 0;
    transfer->running = transfer->in_headers = transfer->is_starved = false;
    transfer->code = CURLE_OK;
    transfer->overflow = 0;
    transfer->detail[0] = '\0';
}

static int launch(struct http_transfer *transfer, struct err *err)
{
    transfer->multi = choose_multi(transfer->http, err);
    if (!transfer->multi || multi_add(transfer->multi, &transfer->transfer, err))
        return -1;
    transfer->running = true;
    transfer->http->running++;
    return 0;
}

int http_start(struct http_transfer **out, struct http *http,
    const struct http_request *request, void (*done)(void *context), void *context,
    struct err *err)
{
    struct http_transfer *transfer;

    if (!http_headers_is_token(request->method))
        return err_set(err, ERR_USAGE, "\"%.20s\" is no method", request->method);
    transfer = take(http);
    if (!transfer)
        return err_no_memory(err);
    begin(transfer, request->body_max);
    transfer->done = done;
    transfer->context = context;
    if (set_up(transfer, request, err) || launch(transfer, err)) {
        drop(transfer);
        return -1;
    }
    *out = transfer;
    return 0;
}

static enum err_kind kind_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* no status line; addresses are checked before */
        return ERR_DECODE;
    case CURLE_SSL_CACERT_BADFILE:
        return ERR_CONFIG;
    default:
        return ERR_NETWORK;
    }
}

bool http_transfer_died(const struct http_transfer *transfer)
{
    return transfer->passes > 1;
}

bool http_transfer_is_sent(const struct http_transfer *transfer)
{
    return transfer->passes > 0;
}

bool http_transfer_is_hopeless(const struct http_transfer *transfer)
{
    switch (transfer->code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR: /* a handshake that broke off, too */
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_ABORTED_BY_CALLBACK:
        return false;
    default:
        return true;
    }
}

/* To libcurl an answer that ends in its headers is a whole one without a body. */
static bool is_whole(const struct http_transfer *transfer)
{
    return transfer->code == CURLE_OK && !transfer->in_headers &&
           transfer->response.status >= 200;
}

static int describe(const struct http_transfer *transfer, struct err *err)
{
    const char *detail =
        transfer->detail[0] ? transfer->detail : curl_easy_strerror(transfer->code);
    size_t overflow = transfer->code == CURLE_FILESIZE_EXCEEDED ? transfer->response.body.max
                                                                : transfer->overflow;

    if (transfer->is_starved)
        return err_set(err, ERR_NETWORK,
            "all %lu descriptors are in use: raise `ulimit -n`, or do less at a time",
            descriptors_max());
    if (overflow)
        return err_set(err, ERR_DECODE, "the answer is over the limit of %zu bytes", overflow);
    if (transfer->code == CURLE_OUT_OF_MEMORY && transfer->in_headers) /* so says libcurl */
        return err_set(
            err, ERR_DECODE, "a header of the answer is over 100 KiB, or memory ran out");
    if (http_transfer_died(transfer))
        return err_set(
            err, ERR_NETWORK, "the connection was closed after the request was written");
    if (transfer->code == CURLE_OK)
        return err_set(err, ERR_NETWORK, "the answer broke off in its headers");
    return err_set(err, kind_of(transfer->code), "%s", detail);
}

int http_outcome(const struct http_transfer *transfer, struct err *err)
{
    if (is_whole(transfer))
        return 0;
    describe(transfer, err);
    err->sent = transfer->passes ? SENT_UNKNOWN : SENT_NO;
    return -1;
}

struct http_response *http_transfer_response(struct http_transfer *transfer)
{
    return &transfer->response;
}

void http_transfer_free(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->running) {
        multi_remove(transfer->multi, &transfer->transfer);
        transfer->http->running--;
    }
    give(transfer);
}
