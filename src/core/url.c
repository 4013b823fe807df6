#include "core/url.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

/* Eight bytes at a time: where one is below "!" or above "~", a byte of the three has its high
   bit set, or borrows it from the next. */
bool url_is_visible(const char *text, size_t len)
{
    const uint64_t ones = UINT64_MAX / UCHAR_MAX;
    const char *end = text + len;
    uint64_t eight, seen = 0;

    for (; end - text >= 8; text += 8) {
        memcpy(&eight, text, 8);
        seen |= eight | (eight + ones) | (eight - ones * '!');
    }
    while (text < end && *text >= '!' && *text <= '~')
        text++;
    return text == end && !(seen & (ones << 7));
}

static bool is_loopback(const char *host)
{
    return !strcmp(host, "127.0.0.1") || !strcmp(host, "[::1]") ||
           !strcasecmp(host, "localhost");
}

static bool has_part(CURLU *parts, CURLUPart part)
{
    char *text = NULL;
    bool has = !curl_url_get(parts, part, &text, 0);

    curl_free(text);
    return has;
}

static int check_origin(CURLU *parts, struct err *err)
{
    char *scheme = NULL, *host = NULL;
    int failed = 0;

    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0))
        failed = err_set(err, ERR_USAGE, "not an absolute URL");
    else if (!strcasecmp(scheme, "http") && !is_loopback(host))
        failed = err_set(err, ERR_USAGE,
            "plain http to %.200s is refused: use https (http is for 127.0.0.1, "
            "::1 and localhost)",
            host);
    else if (strcasecmp(scheme, "http") && strcasecmp(scheme, "https"))
        failed = err_set(err, ERR_USAGE, "the scheme %.40s is refused: use https", scheme);
    curl_free(scheme);
    curl_free(host);
    return failed;
}

static int check_parts(CURLU *parts, struct err *err)
{
    if (check_origin(parts, err))
        return -1;
    if (has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD))
        return err_set(err, ERR_USAGE, "a user name or password in a URL is refused");
    return 0;
}

/* Scheme and authority of the address that was found good last: most calls go where the one
   before went, and nothing but these two is judged by its meaning. One thread. */
static struct {
    char text[256];
    size_t len;
} good;

/* libcurl also takes one slash, or three, for two. */
size_t url_origin_len(const char *url)
{
    size_t scheme = url_is_plain(url) ? 4 : strncasecmp(url, "https:", 6) ? 0 : 5, host;

    if (!scheme || strncmp(url + scheme, "://", 3) != 0)
        return 0;
    host = strcspn(url + scheme + 3, "/?#");
    return host ? scheme + 3 + host : 0;
}

static bool is_good(const char *url)
{
    return good.len && !strncmp(url, good.text, good.len) && strchr("/?", url[good.len]);
}

static void remember_good(const char *url)
{
    size_t len = url_origin_len(url);

    good.len = len <= sizeof good.text ? len : 0;
    memcpy(good.text, url, good.len);
}

static int check_whole(const char *url, struct err *err)
{
    CURLU *parts = curl_url();
    CURLUcode code;
    int failed;

    if (!parts)
        return err_no_memory(err);
    code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (code)
        failed = err_set(err, ERR_USAGE, "not a URL: %s", curl_url_strerror(code));
    else
        failed = check_parts(parts, err);
    curl_url_cleanup(parts);
    if (!failed)
        remember_good(url);
    return failed;
}

int url_check(const char *url, size_t len, struct err *err)
{
    if (len > URL_MAX)
        return err_set(
            err, ERR_USAGE, "a URL of %zu bytes is over the limit of %d", len, URL_MAX);
    if (!url_is_visible(url, len))
        return err_set(
            err, ERR_USAGE, "a URL holds a control character, a space or a non-ASCII byte");
    if (memchr(url, '#', len)) /* an empty fragment too: what is appended would be one */
        return err_set(err, ERR_USAGE, "a fragment (#...) in a URL is never sent: remove it");
    return is_good(url) ? 0 : check_whole(url, err);
}

bool url_is_plain(const char *url)
{
    return !strncasecmp(url, "http:", 5);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static int add_escape(struct buf *out, unsigned char byte, struct err *err)
{
    static const char hex[] = "0123456789ABCDEF";
    const char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};

    return buf_add(out, escaped, sizeof escaped, err);
}

int url_add_escaped(struct buf *out, const char *value, size_t len, struct err *err)
{
    size_t plain = 0; /* where what is not added yet begins */

    for (size_t i = 0; i < len; i++) {
        if (is_unreserved(value[i]))
            continue;
        if (buf_add(out, value + plain, i - plain, err) ||
            add_escape(out, (unsigned char)value[i], err))
            return -1;
        plain = i + 1;
    }
    return buf_add(out, value + plain, len - plain, err);
}

static bool has_control(const char *text, size_t len)
{
    return memchr(text, '\0', len) || memchr(text, '\r', len) || memchr(text, '\n', len);
}

static bool is_dots(const char *segment, size_t len)
{
    return (len == 1 && segment[0] == '.') || (len == 2 && !memcmp(segment, "..", 2));
}

bool url_is_segment(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_unreserved(value[i]))
            return false;
    return len && !is_dots(value, len);
}

int url_add_segment(struct buf *out, const char *value, size_t len, struct err *err)
{
    if (!len)
        return err_set(err, ERR_USAGE, "an empty id");
    if (has_control(value, len))
        return err_set(err, ERR_USAGE, "an id with NUL, CR or LF");
    if (is_dots(value, len))
        return err_set(err, ERR_USAGE, "\"%.2s\" is no id", value);
    return url_add_escaped(out, value, len, err);
}

int url_add_query(struct buf *out, const char *name, size_t name_len, const char *value,
    size_t value_len, struct err *err)
{
    const char *mark = strchr(buf_text(out), '?') ? "&" : "?";

    if (has_control(name, name_len) || has_control(value, value_len))
        return err_set(err, ERR_USAGE, "the query parameter %.60s holds NUL, CR or LF", name);
    if (buf_add_string(out, mark, err) || url_add_escaped(out, name, name_len, err) ||
        buf_add(out, "=", 1, err))
        return -1;
    return url_add_escaped(out, value, value_len, err);
}

/* "." and ".." also in their encoded forms, which servers decode before they walk the path. */
static int check_segments(const char *path, struct err *err)
{
    const char *end = path + strcspn(path, "?");

    while (path < end) {
        size_t len = strcspn(path, "/?");
        char plain[3] = "";
        size_t n = 0;

        for (size_t i = 0; i < len && n < 3; n++) {
            bool dot = path[i] == '%' && len - i >= 3 && !strncasecmp(path + i, "%2e", 3);

            plain[n] = dot ? '.' : path[i];
            i += dot ? 3 : 1;
        }
        if (is_dots(plain, n))
            return err_set(err, ERR_USAGE, "a path with \".\" or \"..\" segments is refused");
        path += len + 1;
    }
    return 0;
}

int url_join(struct buf *out, const char *base, const char *path, struct err *err)
{
    size_t len = strlen(base);

    if (path[0] != '/' || path[1] == '/')
        return err_set(err, ERR_USAGE, "a path starts with one \"/\", not \"%.60s\"", path);
    if (!url_is_visible(path, strlen(path)) || strchr(path, '#'))
        return err_set(err, ERR_USAGE, "a path holds a byte that must be percent-encoded");
    if (check_segments(path, err))
        return -1;
    while (len && base[len - 1] == '/')
        len--;
    if (buf_add(out, base, len, err))
        return -1;
    return buf_add_string(out, path, err);
}
