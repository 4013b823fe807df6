#include "core/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/expiry.h"
#include "core/multi.h"
#include "core/url.h"

enum {
    POOL_MAX = 64,
    /* A server may close an idle connection at any moment; the longer it was idle the likelier.
       A write that meets the closing has an unknown outcome, so it takes young ones only. */
    WRITE_IDLE_MAX_S = 3,
    STALL_MS = 30000,
    /* libcurl's receive buffer, one for each transfer: large ones are for few transfers. */
    BUFFER_LARGE = 64 * 1024,
    BUFFER_SMALL = 1024,
    LARGE_BUFFERS_MAX = 8,
};

#define USER_AGENT "siterun/" SITERUN_VERSION

struct http {
    struct multi *multi;
    CURL *pool[POOL_MAX];
    size_t pooled;
};

struct http_transfer {
    struct http *http;
    struct multi_transfer transfer;
    void (*done)(void *context);
    void *context;
    struct http_response response;
    int passes; /* how often libcurl was about to write the request */
    bool running;
    bool in_headers;
    CURLcode code;
    struct curl_slist own[2]; /* what libcurl must not add, before the caller's headers */
    size_t overflow;          /* the maximum that the answer went over, in bytes; 0: none */
    char detail[CURL_ERROR_SIZE];
};

int http_new(struct http **out, struct loop *loop, struct err *err)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        return err_no_memory(err);
    if (multi_new(&http->multi, loop, err)) {
        free(http);
        return -1;
    }
    *out = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->pooled)
        curl_easy_cleanup(http->pool[--http->pooled]);
    multi_free(http->multi);
    free(http);
}

static CURL *take_handle(struct http *http)
{
    return http->pooled ? http->pool[--http->pooled] : curl_easy_init();
}

static void give_handle(struct http *http, CURL *easy)
{
    if (http->pooled == POOL_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    http->pool[http->pooled++] = easy;
}

/* CURLOPT_PREREQFUNCTION: called before each writing of the request. libcurl writes it again by
   itself when a reused connection dies, for any method; the second pass is refused. */
static int before_request(void *context, char *ip, char *local_ip, int port, int local_port)
{
    struct http_transfer *transfer = context;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    return transfer->passes++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
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

/* libcurl takes a connection that ends within the header block, or after an interim answer, for the
   end of a whole answer without a body. */
static bool has_broken_off(const struct http_transfer *transfer)
{
    return transfer->in_headers || transfer->response.status < 200;
}

static void finished(void *context, CURLcode code)
{
    struct http_transfer *transfer = context;
    long status = 0;

    transfer->running = false;
    curl_easy_getinfo(transfer->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response.status = (int)status;
    transfer->code = code == CURLE_OK && has_broken_off(transfer) ? CURLE_PARTIAL_FILE : code;
    give_handle(transfer->http, transfer->transfer.easy);
    transfer->transfer.easy = NULL;
    transfer->done(transfer->context);
}

/* Each of these returns 0, or something else when a setting was refused or memory ran out: one of
   them left at its default would be another request than the one that was asked for. */
static unsigned set_trust(CURL *easy, const struct http_request *request)
{
    const char *protocol = url_is_plain(request->url) ? "http" : "https";
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocol);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy ? request->proxy : "");
    if (request->proxy) /* else $no_proxy would be asked */
        bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (request->ca_file)
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
    return bad;
}

static unsigned set_bounds(CURL *easy, const struct http_request *request, bool many)
{
    int64_t stall_ms = request->timeout_ms / 2 > STALL_MS ? request->timeout_ms / 2 : STALL_MS;
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
    bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)(stall_ms / 1000));
    /* Refused where an earlier transfer failed before it was connected: its buffer is still there
       and serves as well. */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)(many ? BUFFER_SMALL : BUFFER_LARGE));
    /* The length that HEAD is told is that of a body that doesn't come. */
    if (strcmp(request->method, "HEAD") != 0)
        bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_max);
    if (request->write)
        bad |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)WRITE_IDLE_MAX_S);
    return bad;
}

static bool has_no_body(const struct http_request *request)
{
    return !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD") ||
           !strcmp(request->method, "DELETE");
}

/* PUT and POST without a body still say "Content-Length: 0" (RFC 9110 8.6). */
static unsigned set_body(CURL *easy, const struct http_request *request)
{
    curl_off_t len = (curl_off_t)request->body_len;

    if (!request->body && has_no_body(request))
        return 0;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len) |
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
}

/* A name without a value tells libcurl to leave the header out, unless the caller's follow: it
   would wait a second for "100 Continue", send a body that was answered 417 again, and call every
   body a form. */
static struct curl_slist *all_headers(
    struct http_transfer *transfer, const struct http_request *request)
{
    static char expect[] = "Expect:", content_type[] = "Content-Type:";

    transfer->own[0] = (struct curl_slist){expect, &transfer->own[1]};
    transfer->own[1] = (struct curl_slist){content_type, request->headers->lines};
    return transfer->own;
}

static unsigned set_request(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->transfer.easy;
    unsigned bad = set_body(easy, request);

    bad |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, all_headers(transfer, request));
    if (!strcmp(request->method, "HEAD"))
        return bad | curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return bad | curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static unsigned set_callbacks(CURL *easy, struct http_transfer *transfer)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    return bad;
}

static int launch(
    struct http_transfer *transfer, const struct http_request *request, struct err *err)
{
    struct http *http = transfer->http;
    CURL *easy = take_handle(http);

    if (!easy)
        return err_no_memory(err);
    transfer->transfer =
        (struct multi_transfer){.easy = easy, .done = finished, .context = transfer};
    if (set_trust(easy, request) || set_request(transfer, request) ||
        set_bounds(easy, request, multi_count(http->multi) >= LARGE_BUFFERS_MAX) ||
        set_callbacks(easy, transfer))
        return err_set(err, ERR_CONFIG, "libcurl refuses a setting");
    if (multi_add(http->multi, &transfer->transfer, err))
        return -1;
    transfer->running = true;
    return 0;
}

int http_start(struct http_transfer **out, struct http *http,
    const struct http_request *request, void (*done)(void *context), void *context,
    struct err *err)
{
    struct http_transfer *transfer;

    if (!http_headers_is_token(request->method))
        return err_set(err, ERR_USAGE, "\"%.20s\" is no method", request->method);
    transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return err_no_memory(err);
    transfer->http = http;
    transfer->done = done;
    transfer->context = context;
    buf_init(&transfer->response.headers, HTTP_HEADERS_MAX);
    buf_init(&transfer->response.body, request->body_max);
    if (launch(transfer, request, err)) {
        http_transfer_free(transfer);
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
    if (transfer->running)
        multi_remove(transfer->http->multi, &transfer->transfer);
    if (transfer->transfer.easy)
        give_handle(transfer->http, transfer->transfer.easy);
    buf_fini(&transfer->response.headers);
    buf_fini(&transfer->response.body);
    free(transfer);
}
