#include "core/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/multi.h"
#include "core/url.h"

enum {
    POOL_MAX = 64,
    /* A server may close an idle connection at any moment; the longer it was idle the likelier.
       A write that meets the closing has an unknown outcome, so it takes young ones only. */
    WRITE_IDLE_MAX_S = 3,
    STALL_MS = 30000,
    /* libcurl's receive buffer, one for each transfer: large ones are for few transfers. */
    BUFFER_FEW = 64 * 1024,
    BUFFER_MANY = 2 * 1024,
    MANY_TRANSFERS = 100,
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
    struct err overflow; /* why a callback refused the answer; ERR_NONE when none did */
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

/* RFC 9110 5.6.2: tchar. */
static bool is_token(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if (*name <= ' ' || *name > '~' || strchr("\"(),/:;<=>?@[\\]{}", *name))
            return false;
    return true;
}

static bool has_control(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 127)
            return true;
    return false;
}

static int check_header(const char *name, const char *value, size_t len, struct err *err)
{
    if (!is_token(name))
        return err_set(err, ERR_USAGE, "\"%.60s\" is no header name", name);
    if (has_control(value, len))
        return err_set(err, ERR_USAGE,
            "the header %.60s holds a control character (NUL, CR, LF ...)", name);
    return 0;
}

int http_headers_add(struct http_headers *headers, const char *name, const char *value,
    size_t value_len, struct err *err)
{
    struct buf line;
    struct curl_slist *lines = NULL;
    int failed;

    if (check_header(name, value, value_len, err))
        return -1;
    buf_init(&line, HTTP_HEADERS_MAX);
    /* "name;" is how libcurl is told of a header without a value. */
    failed = buf_addf(&line, err, value_len ? "%s: " : "%s;", name) ||
             buf_add(&line, value, value_len, err);
    if (!failed)
        lines = curl_slist_append(headers->lines, line.data);
    buf_wipe(&line);
    if (failed)
        return -1;
    if (!lines)
        return err_no_memory(err);
    headers->lines = lines;
    return 0;
}

int http_headers_copy(struct http_headers *to, const struct http_headers *from, struct err *err)
{
    for (const struct curl_slist *line = from->lines; line; line = line->next) {
        struct curl_slist *lines = curl_slist_append(to->lines, line->data);

        if (!lines)
            return err_no_memory(err);
        to->lines = lines;
    }
    return 0;
}

void http_headers_fini(struct http_headers *headers)
{
    for (struct curl_slist *line = headers->lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(headers->lines);
    headers->lines = NULL;
}

const char *http_response_header(
    const struct http_response *response, const char *name, char *value, size_t size)
{
    const char *line = buf_text(&response->headers);
    size_t name_len = strlen(name);

    for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, name_len) || line[name_len] != ':')
            continue;
        line += name_len + 1;
        line += strspn(line, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
        return value;
    }
    return NULL;
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
    return buf_add(to, bytes, len, &transfer->overflow) ? 0 : len;
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

static void set_trust(CURL *easy, const struct http_request *request)
{
    curl_easy_setopt(
        easy, CURLOPT_PROTOCOLS_STR, url_is_plain(request->url) ? "http" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy ? request->proxy : "");
    if (request->proxy)
        curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* else $no_proxy would be asked */
    if (request->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
}

static void set_bounds(CURL *easy, const struct http_request *request, bool many)
{
    int64_t stall_ms = request->timeout_ms / 2 > STALL_MS ? request->timeout_ms / 2 : STALL_MS;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)(stall_ms / 1000));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)(many ? BUFFER_MANY : BUFFER_FEW));
    if (request->write)
        curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)WRITE_IDLE_MAX_S);
}

static bool has_no_body(const struct http_request *request)
{
    return !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD") ||
           !strcmp(request->method, "DELETE");
}

/* PUT and POST without a body still say "Content-Length: 0" (RFC 9110 8.6). */
static void set_request(CURL *easy, const struct http_request *request)
{
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers->lines);
    if (request->body || !has_no_body(request)) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_callbacks(CURL *easy, struct http_transfer *transfer)
{
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
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
    set_trust(easy, request);
    set_bounds(easy, request, multi_count(http->multi) >= MANY_TRANSFERS);
    set_request(easy, request);
    set_callbacks(easy, transfer);
    if (multi_add(http->multi, &transfer->transfer, err))
        return -1;
    transfer->running = true;
    return 0;
}

int http_start(struct http_transfer **out, struct http *http,
    const struct http_request *request, void (*done)(void *context), void *context,
    struct err *err)
{
    struct http_transfer *transfer = calloc(1, sizeof *transfer);

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

static int describe(const struct http_transfer *transfer, struct err *err)
{
    const char *detail =
        transfer->detail[0] ? transfer->detail : curl_easy_strerror(transfer->code);

    if (transfer->overflow.kind)
        return err_set(err, ERR_DECODE, "the answer is %s", transfer->overflow.message);
    if (http_transfer_died(transfer))
        return err_set(
            err, ERR_NETWORK, "the connection was closed after the request was written");
    return err_set(err, kind_of(transfer->code), "%s", detail);
}

int http_outcome(const struct http_transfer *transfer, struct err *err)
{
    if (transfer->code == CURLE_OK)
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
