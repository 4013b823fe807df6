#include "core/http_settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/url.h"

enum {
    /* A server may close an idle connection at any moment; the longer it was idle the likelier.
       A write that meets the closing has an unknown outcome, so it takes young ones only. */
    WRITE_IDLE_MAX_S = 3,
    STALL_MS = 30000,
    /* libcurl's receive buffer, one for each transfer: large ones are for few transfers. */
    BUFFER_LARGE = 64 * 1024,
    BUFFER_SMALL = 1024,
    /* Below this no version of libcurl asks before it sends a body. */
    BODY_SMALL = 1024,
};

void http_settings_init(struct http_settings *settings)
{
    *settings = (struct http_settings){0};
    buf_init(&settings->text, URL_MAX);
}

void http_settings_fini(struct http_settings *settings)
{
    curl_url_cleanup(settings->address);
    buf_wipe(&settings->text);
}

static bool is_head(const struct http_request *request)
{
    return !strcmp(request->method, "HEAD");
}

/* PUT and POST without a body still say "Content-Length: 0" (RFC 9110 8.6). */
static bool has_body(const struct http_request *request)
{
    if (is_head(request))
        return false;
    return request->body ||
           (strcmp(request->method, "GET") && strcmp(request->method, "DELETE"));
}

/* Authority files and proxies are texts of the caller's, and rare: not worth comparing. */
bool http_settings_fit(const struct http_settings *settings, const struct http_request *request)
{
    return !request->ca_file && !request->proxy && !strcmp(settings->method, request->method) &&
           settings->write == request->write && settings->plain == url_is_plain(request->url) &&
           settings->body_max == request->body_max &&
           settings->given_body == (request->body != NULL);
}

static void remember(struct http_settings *settings, const struct http_request *request)
{
    bool is_usual =
        !request->ca_file && !request->proxy && strlen(request->method) <= HTTP_METHOD_MAX;

    settings->plain = url_is_plain(request->url);
    settings->write = request->write;
    settings->given_body = request->body != NULL;
    settings->has_body = has_body(request);
    settings->body_max = request->body_max;
    memset(&settings->told, 0, sizeof settings->told);
    strcpy(settings->method, is_usual ? request->method : "");
}

/* libcurl copies the system's authorities for each connection that it looks for, and those of a
   proxy too. */
static unsigned unset_unused(CURL *easy, const struct http_request *request)
{
    unsigned bad = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL) |
                   curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);

    if (url_is_plain(request->url))
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) |
               curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return bad;
}

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
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* else $no_proxy is asked */
    if (request->ca_file)
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
    return bad | (request->proxy ? 0 : unset_unused(easy, request));
}

static unsigned set_bounds(CURL *easy, const struct http_request *request)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
    /* The length that HEAD is told is that of a body that doesn't come. */
    if (!is_head(request))
        bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_max);
    if (request->write)
        bad |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)WRITE_IDLE_MAX_S);
    return bad;
}

static unsigned set_message(CURL *easy, const struct http_request *request)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (is_head(request))
        return bad | curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (!strcmp(request->method, "GET") && !request->body)
        return bad;
    return bad | curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

unsigned http_settings_make(
    struct http_settings *settings, CURL *easy, const struct http_request *request)
{
    remember(settings, request);
    return set_trust(easy, request) | set_bounds(easy, request) | set_message(easy, request);
}

static unsigned set_body(CURL *easy, const struct http_request *request)
{
    curl_off_t len = (curl_off_t)request->body_len;

    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, len) |
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
}

/* libcurl would send these by itself, at twice the cost of formatting them. */
static char user_agent[] = "User-Agent: siterun/" SITERUN_VERSION;
static char accept_encoding[] = "Accept-Encoding: gzip";

/* A name without a value tells libcurl to leave the header out, unless the caller's follow: it
   would wait a second for "100 Continue" before a large body, send one that was answered 417
   again, and call every body a form. */
static char expect[] = "Expect:", content_type[] = "Content-Type:";

static bool has_line(const struct curl_slist *lines, const char *name)
{
    for (; lines; lines = lines->next)
        if ((*lines->data | 0x20) == (*name | 0x20) &&
            !strncasecmp(lines->data, name, strlen(name)) &&
            strchr(":;", lines->data[strlen(name)]))
            return true;
    return false;
}

static void prepend(struct curl_slist **lines, struct curl_slist *line, char *text)
{
    *line = (struct curl_slist){text, *lines};
    *lines = line;
}

static struct curl_slist *all_headers(
    struct http_settings *settings, const struct http_request *request)
{
    struct curl_slist *given = request->headers->lines, *lines = given;

    if (settings->has_body && request->body_len >= BODY_SMALL)
        prepend(&lines, &settings->own[0], expect);
    if (settings->has_body && !has_line(given, "Content-Type"))
        prepend(&lines, &settings->own[1], content_type);
    if (!has_line(given, "Accept-Encoding"))
        prepend(&lines, &settings->own[2], accept_encoding);
    if (!has_line(given, "User-Agent"))
        prepend(&lines, &settings->own[3], user_agent);
    return lines;
}

/* Bytes of the address that say where to connect; 0 where what follows can't be sent as it is:
   to a proxy all is, and what is no visible character libcurl encodes or refuses. */
static size_t origin_len(const struct http_request *request)
{
    size_t len = request->proxy ? 0 : url_origin_len(request->url);
    const char *rest = request->url + len;

    if (*rest != '/' || !url_is_visible(rest, strlen(rest)) || strchr(rest, '#'))
        return 0;
    return len;
}

static unsigned parse(struct http_settings *settings)
{
    char *end = settings->text.data +
                (settings->origin_len ? settings->origin_len : settings->text.len);
    const char cut = *end;
    CURLUcode bad;

    *end = '\0';
    bad = curl_url_set(settings->address, CURLUPART_URL, settings->text.data, CURLU_PATH_AS_IS);
    *end = cut;
    return bad;
}

/* Whether it has the origin of the latest request. */
static bool is_near(const struct http_settings *settings, const char *url, size_t len)
{
    return settings->address && len && len == settings->origin_len &&
           !strncmp(buf_text(&settings->text), url, len);
}

/* Not libcurl's own way from CURLOPT_URL: that parses each time, and then writes the address
   anew, twice where it has a query. */
static unsigned set_address(
    struct http_settings *settings, CURL *easy, const struct http_request *request)
{
    size_t len = origin_len(request);
    bool is_parsed = is_near(settings, request->url, len);
    struct err ignored;

    if (!settings->address)
        settings->address = curl_url();
    buf_clear(&settings->text);
    if (!settings->address || buf_add_string(&settings->text, request->url, &ignored))
        return 1;
    settings->origin_len = len;
    return (is_parsed ? 0 : parse(settings)) |
           curl_easy_setopt(easy, CURLOPT_CURLU, settings->address) |
           curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, len ? request->url + len : NULL);
}

static bool has_address(const struct http_settings *settings, const char *url)
{
    return settings->told.address && !strcmp(buf_text(&settings->text), url);
}

static unsigned set_headers(
    struct http_settings *settings, CURL *easy, const struct http_request *request)
{
    struct curl_slist *headers = all_headers(settings, request);

    if (settings->told.headers == headers)
        return 0;
    settings->told.headers = headers;
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

static unsigned set_times(struct http_settings *settings, CURL *easy, int64_t timeout_ms)
{
    int64_t stall_ms = timeout_ms / 2 > STALL_MS ? timeout_ms / 2 : STALL_MS;

    if (settings->told.timeout_ms == timeout_ms)
        return 0;
    settings->told.timeout_ms = timeout_ms;
    return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) |
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, timeout_ms > stall_ms ? 1L : 0L) |
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)(stall_ms / 1000));
}

/* Refused where an earlier transfer failed before it was connected: its buffer is still there
   and serves as well. */
static void set_buffer(struct http_settings *settings, CURL *easy, long size)
{
    if (settings->told.buffer != size)
        settings->told.buffer = curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, size) ? 0 : size;
}

unsigned http_settings_fill(
    struct http_settings *settings, CURL *easy, const struct http_request *request, bool many)
{
    unsigned bad = settings->has_body ? set_body(easy, request) : 0;

    if (!has_address(settings, request->url))
        bad |= set_address(settings, easy, request);
    settings->told.address = !bad;
    bad |= set_headers(settings, easy, request);
    bad |= set_times(settings, easy, request->timeout_ms);
    set_buffer(settings, easy, many ? BUFFER_SMALL : BUFFER_LARGE);
    return bad;
}
